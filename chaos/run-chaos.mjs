// @ts-check
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { checkAll } from "./checks/index.mjs";
import { Ending } from "./ending.mjs";
import { FAULTS } from "./faults/index.mjs";
import { gatherEvidence } from "./gather-evidence.mjs";
import { Nemesis } from "./nemesis.mjs";
import { openField } from "./open-field.mjs";
import { Random } from "./random.mjs";
import { makeReport } from "./report.mjs";

/**
 * @typedef {object} ChaosOptions
 * @property {string} seed
 * @property {number} minutes of load and faults; then comes the end
 * @property {"one" | "cluster"} topology
 * @property {readonly string[]} faults names; empty for all that can be done here
 * @property {number} rate plans that are begun a second, by all clients together
 * @property {number} leaseMs
 * @property {number} paceMs mean time between two faults
 * @property {string | undefined} older a commit: workers are also rolled to the build of it
 * @property {number} workers
 * @property {number} clients
 * @property {number} settleMinutes how long runs may take to end when all is healed
 * @property {boolean} keep the store, the ledger and the logs stay
 * @property {(line: string) => void} log
 * @property {AbortSignal} [signal] ends it early, without a report
 */

export const DEFAULTS = Object.freeze({
  minutes: 1,
  topology: /** @type {const} */ ("one"),
  faults: Object.freeze([]),
  rate: 4,
  leaseMs: 1_000,
  paceMs: 3_000,
  workers: 3,
  clients: 2,
  older: undefined,
  settleMinutes: 3,
  keep: false,
});

/**
 * Lets the load run, strikes, heals, waits until all is quiet, and checks.
 * @param {ChaosOptions} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function runChaos(options) {
  const ending = new Ending();
  try {
    return await Promise.race([runField(options, ending), aborted(options.signal)]);
  } finally {
    await ending.end();
  }
}

/** @param {ChaosOptions} options @param {Ending} ending @returns {Promise<import("./report.mjs").Report>} */
async function runField(options, ending) {
  const { keep, seed, leaseMs, log } = options;
  const directory = await mkdtemp(join(tmpdir(), "millrace-chaos-"));
  if (!keep) ending.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const open = await openField(options, directory, ending);
  await rage(open, options);
  log("All is healed.");
  const deadline = Date.now() + options.settleMinutes * 60_000;
  const isFinished = await finish(open.clients, deadline);
  log(isFinished ? "All clients have what they asked for." : "Some clients still wait.");
  const evidence = await gatherEvidence({
    ...open,
    rebuilt: join(directory, "rebuilt.db"),
    seed,
    leaseMs,
    deadline: Math.max(deadline, Date.now() + QUIET_MS),
  });
  return makeReport(evidence, checkAll(evidence), options, keep ? directory : undefined);
}

/** What is left when clients have their results: children that go on, messages that come again. */
const QUIET_MS = 20_000;

/** @param {import("./open-field.mjs").OpenField} open @param {ChaosOptions} options */
async function rage({ field, ledger }, { seed, faults, paceMs, minutes }) {
  const random = new Random(seed).fork("nemesis");
  const nemesis = new Nemesis(field, chosenFaults(faults, field), { random, ledger });
  nemesis.rage(paceMs);
  await delay(minutes * 60_000);
  await nemesis.stop();
}

/**
 * Has the clients begin nothing more; true when all that they had begun is over.
 * @param {readonly import("./processes/member.mjs").Member[]} clients @param {number} deadline
 */
async function finish(clients, deadline) {
  for (const client of clients) {
    client.settle({ finish: true });
    client.send({ finish: true });
  }
  const isFinished = () => clients.every(({ told }) => told["finished"] === true);
  while (!isFinished() && Date.now() < deadline) await delay(100);
  return isFinished();
}

/**
 * @param {readonly string[]} names
 * @param {import("./field.mjs").Field} field
 */
function chosenFaults(names, field) {
  const unknown = names.filter((name) => FAULTS.every((fault) => fault.name !== name));
  if (unknown.length > 0) {
    const all = FAULTS.map(({ name }) => name).join(", ");
    throw new Error(`There is no fault ${unknown.join(", ")}. There are: ${all}`);
  }
  return FAULTS.filter((fault) => {
    if (names.length > 0 && !names.includes(fault.name)) return false;
    const why = fault.needs?.(field);
    if (why !== undefined) field.log(`Left out: ${fault.name}, ${why}`);
    return why === undefined;
  });
}

/** @param {AbortSignal | undefined} signal @returns {Promise<never>} */
function aborted(signal) {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
