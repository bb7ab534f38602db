// @ts-check
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RunNotFoundError } from "../../dist/index.js";
import { Random } from "../random.mjs";
import { Load } from "./load.mjs";
import { TracedServer } from "./traced-server.mjs";

/**
 * @typedef {object} Scenario
 * @property {string} name as `--only` finds it
 * @property {1 | 3} servers each on a machine of its own
 * @property {"always" | undefined} sync `sync_interval`; the server's default is two minutes
 * @property {"kill" | "power"} cut what happens to a server
 * @property {"one" | "all"} struck whom it happens to
 * @property {boolean} keepsAll nothing that was acked may be lost
 * @property {boolean} [torn] some of what was not synced is there all the same: more cases for the recovery
 */

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  {
    name: "one-default-kill",
    servers: 1,
    sync: undefined,
    cut: "kill",
    struck: "all",
    keepsAll: true,
  },
  {
    name: "one-default-power",
    servers: 1,
    sync: undefined,
    cut: "power",
    struck: "all",
    keepsAll: false,
  },
  {
    name: "one-always-kill",
    servers: 1,
    sync: "always",
    cut: "kill",
    struck: "all",
    keepsAll: true,
  },
  {
    name: "one-always-power",
    servers: 1,
    sync: "always",
    cut: "power",
    struck: "all",
    keepsAll: true,
  },
  {
    name: "one-always-torn",
    servers: 1,
    sync: "always",
    cut: "power",
    struck: "all",
    keepsAll: true,
    torn: true,
  },
  {
    name: "three-default-kill-all",
    servers: 3,
    sync: undefined,
    cut: "kill",
    struck: "all",
    keepsAll: true,
  },
  {
    name: "three-default-power-one",
    servers: 3,
    sync: undefined,
    cut: "power",
    struck: "one",
    keepsAll: true,
  },
  {
    name: "three-default-power-all",
    servers: 3,
    sync: undefined,
    cut: "power",
    struck: "all",
    keepsAll: false,
  },
  {
    name: "three-always-kill-all",
    servers: 3,
    sync: "always",
    cut: "kill",
    struck: "all",
    keepsAll: true,
  },
  {
    name: "three-always-power-one",
    servers: 3,
    sync: "always",
    cut: "power",
    struck: "one",
    keepsAll: true,
  },
  {
    name: "three-always-power-all",
    servers: 3,
    sync: "always",
    cut: "power",
    struck: "all",
    keepsAll: true,
  },
];

/**
 * @typedef {object} DrillReport
 * @property {string} name of the scenario
 * @property {number} rounds how many cuts there were
 * @property {number} acked publishes
 * @property {number} lostAcked those of them that were not there any more
 * @property {number} lostSeconds from the first lost ack to the cut
 * @property {number} accepted runs
 * @property {number} lostRuns those of them that were not there any more
 * @property {number} repeated steps that were executed more than once
 * @property {number} flaws that `millrace verify --all` found
 * @property {readonly string[]} violations what must not be
 */

/**
 * @param {Scenario} scenario
 * @param {{ readonly rounds: number, readonly seconds: number, readonly seed: string, readonly log: (line: string) => void, readonly signal?: AbortSignal }} options
 * @returns {Promise<DrillReport>}
 */
export async function drill(scenario, { rounds, seconds, seed, log, signal }) {
  const random = new Random(`${seed}/${scenario.name}`);
  const directory = await mkdtemp(join(tmpdir(), "millrace-power-"));
  const servers = await tracedServers(scenario, directory);
  /** @type {Load | undefined} */
  let load;
  try {
    await Promise.all(servers.map((server) => server.start()));
    load = new Load(
      servers.map(({ url }) => url),
      scenario.servers,
    );
    await load.begin();
    if (scenario.sync === undefined) await rest(servers, log);
    await load.run();
    let lostAcked = 0;
    let lostSeconds = 0;
    for (let round = 1; round <= rounds; round++) {
      const lastsMs = seconds * 1_000 * random.between(0.7, 1.3);
      await delay(lastsMs, undefined, signal === undefined ? {} : { signal });
      const struck = scenario.struck === "all" ? servers : [random.pick(servers)];
      const cutAt = Date.now();
      await Promise.all(struck.map((server) => server.kill()));
      if (scenario.cut === "power") {
        const keep =
          scenario.torn === true
            ? (/** @type {number} */ writes) => random.below(writes + 1)
            : undefined;
        for (const server of struck) {
          const lost = await server.losePower(keep);
          log(
            `round ${round}: ${lost.writes} writes with ${lost.bytes} bytes were not on the disk`,
          );
        }
      }
      await Promise.all(struck.map((server) => server.start()));
      const { count, first } = await load.lostPublishes();
      lostAcked += count;
      if (count > 0) lostSeconds = Math.max(lostSeconds, (cutAt - first) / 1_000);
      log(`round ${round}: ${load.acked} acked, ${count} lost`);
    }
    signal?.throwIfAborted();
    await load.stop();
    return await reportOn(scenario, load, { rounds, lostAcked, lostSeconds, log, signal });
  } finally {
    await load?.close();
    await Promise.all(servers.map((server) => server.kill()));
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Longer than any run takes when nothing happens to it. */
const SETTLE_MS = 90_000;

/**
 * @param {Scenario} scenario
 * @param {Load} load
 * @param {{ readonly rounds: number, readonly lostAcked: number, readonly lostSeconds: number, readonly log: (line: string) => void, readonly signal: AbortSignal | undefined }} found
 * @returns {Promise<DrillReport>}
 */
async function reportOn(scenario, load, { rounds, lostAcked, lostSeconds, log, signal }) {
  const { keepsAll, name } = scenario;
  await settled(load, keepsAll ? SETTLE_MS : SETTLE_MS / 6, signal);
  const violations = lackOf(load);
  let lostRuns = 0;
  for (const id of load.accepted.keys()) {
    const end = load.results.get(id);
    if (end === undefined) {
      const state = await load.millrace
        .attach(id)
        .state()
        .catch((error) => error);
      const isGone = state instanceof RunNotFoundError;
      if (isGone) lostRuns++;
      violations.push(
        `${id} ${isGone ? "is not there any more" : `has not ended: ${JSON.stringify(state)}`}`,
      );
    } else {
      const wrong = wrongWith(id, end, load.effects);
      if (wrong !== undefined) violations.push(`${id}: ${wrong}`);
    }
  }
  let flaws = 0;
  for await (const verdict of load.millrace.verifyAll({ blobs: true })) {
    flaws += verdict.flaws.length;
    for (const { sentence } of verdict.flaws) violations.push(`${verdict.id}: ${sentence}`);
  }
  if (lostAcked > 0) violations.push(`${lostAcked} publishes were acked and are lost`);
  for (const violation of violations.slice(0, 10)) log(violation);
  return {
    name,
    rounds,
    acked: load.acked,
    lostAcked,
    lostSeconds,
    accepted: load.accepted.size,
    lostRuns,
    repeated: [...load.effects.values()].filter((count) => count > 1).length,
    flaws,
    violations: keepsAll ? violations : [],
  };
}

/** Resolves when each run has a result, or after a while. @param {Load} load @param {number} mostMs @param {AbortSignal | undefined} signal */
async function settled({ results, accepted }, mostMs, signal) {
  const deadline = Date.now() + mostMs;
  while (results.size < accepted.size && Date.now() < deadline) {
    await delay(100, undefined, signal === undefined ? {} : { signal });
  }
}

/** Where nothing was promised nothing can be lost, and nothing is shown. @param {Load} load */
function lackOf({ acked, accepted }) {
  const violations = [];
  if (acked === 0) violations.push("no publish was acked: nothing is shown");
  if (accepted.size === 0) violations.push("no run was accepted: nothing is shown");
  return violations;
}

/** @param {string} id @param {unknown} end @param {ReadonlyMap<string, number>} effects */
function wrongWith(id, end, effects) {
  if (end instanceof Error) return end.message;
  const output = /** @type {Record<string, unknown>} */ (end);
  if (output["got"] !== output["n"] || id !== `trip:k${Number(output["n"])}`)
    return `its result is ${JSON.stringify(end)}`;
  for (const step of ["first", "leg", "last"]) {
    const had = effects.get(`${id} ${step}`) ?? 0;
    const told = Number(output[step]);
    if (!(told >= 1 && told <= had))
      return `it tells of execution ${told} of ${step}, which was executed ${had} times`;
  }
  return undefined;
}

/** Two minutes go by: the default interval has written everything that was there. @param {readonly TracedServer[]} servers @param {(line: string) => void} log */
async function rest(servers, log) {
  log("what was made so far is taken for synced");
  await Promise.all(servers.map((server) => server.kill()));
  await Promise.all(servers.map((server) => server.start()));
}

/** @param {Scenario} scenario @param {string} directory */
async function tracedServers({ servers, sync }, directory) {
  const traces = join(directory, "traces");
  await mkdir(traces, { recursive: true });
  const { clusterOptions } =
    servers === 1
      ? { clusterOptions: undefined }
      : await import("../../dist/embedded/cluster-options.js");
  const options =
    clusterOptions === undefined
      ? [{ storeDir: join(directory, "n0"), serverName: "n0" }]
      : await clusterOptions(directory, 3);
  return options.map((one) => new TracedServer({ ...one, syncInterval: sync }, traces));
}
