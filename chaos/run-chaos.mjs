// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectRaw } from "@nats-io/transport-node";
import { connect } from "../dist/index.js";
import { checkAll } from "./checks/index.mjs";
import { FAULTS } from "./faults/index.mjs";
import { gatherEvidence } from "./gather-evidence.mjs";
import { LedgerClient } from "./ledger/ledger-client.mjs";
import { LIMITS } from "./load/model.mjs";
import { Nemesis } from "./nemesis.mjs";
import { buildOlder } from "./older-build.mjs";
import { Member } from "./processes/member.mjs";
import { Random } from "./random.mjs";
import { makeReport } from "./report.mjs";
import { startServers } from "./servers.mjs";

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
  settleMinutes: 6,
  keep: false,
});

const NAMESPACE = "chaos";
/** Plans that one client has under way. */
const OPEN = 60;

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
  const { topology, seed, leaseMs, log } = options;
  const directory = await mkdtemp(join(tmpdir(), "millrace-chaos-"));
  if (!options.keep) {
    ending.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  }

  const older = options.older === undefined ? undefined : join(directory, "older");
  if (older !== undefined) await buildOlder(String(options.older), older);
  const servers = await startServers(topology, directory, {
    random: new Random(seed).fork("servers"),
    smallDisk: takesSmallDisk(options),
  });
  ending.defer(() => Promise.all(servers.map((server) => server.close())));
  const urls = servers.map(({ url }) => url);
  const connection = await connectRaw({ servers: urls, maxReconnectAttempts: -1, timeout: 2_000 });
  ending.defer(() => connection.close());
  const replicas = topology === "one" ? 1 : 3;
  const millrace = await patiently(() =>
    connect({ servers: urls, namespace: NAMESPACE, replicas }),
  );
  ending.defer(() => millrace.close());
  await patiently(() => millrace.queue("narrow").set({ concurrency: LIMITS.narrow }));

  const ledgerFile = join(directory, "ledger.jsonl");
  const socket = join(directory, "ledger.sock");
  const ledger = await startLedger(socket, ledgerFile, ending);
  const database = join(directory, "view.db");
  const settings = {
    servers: servers.map(({ proxy }) => proxy.url),
    namespace: NAMESPACE,
    ledger: socket,
    ledgerFile,
    database,
    seed,
    lease: leaseMs,
    rate: options.rate / options.clients,
    open: OPEN,
    build: "a",
    home: import.meta.dirname,
    finish: false,
  };
  /** @param {string} name @param {string} script */
  const place = (name, script) => {
    /** @param {number} pid */
    const onEnded = (pid) => void ledger.note({ kind: "ended", who: name, pid });
    const member = new Member(name, script, settings, { directory, onEnded });
    ending.defer(() => member.stop());
    return member;
  };
  const workers = places(options.workers, (at) => place(`worker-${at}`, "worker.mjs"));
  const projector = place("projector", "projector.mjs");
  const clients = places(options.clients, (at) => place(`client-${at}`, "client.mjs"));
  await until("all processes are there", () =>
    [...workers, projector, ...clients].every(({ isReady }) => isReady),
  );

  /** @type {import("./field.mjs").Field} */
  const field = {
    topology,
    leaseMs,
    namespace: NAMESPACE,
    directory,
    servers,
    workers,
    clients,
    connection,
    older,
    log,
  };
  const random = new Random(seed).fork("nemesis");
  const nemesis = new Nemesis(field, chosenFaults(options.faults, field), { random, ledger });
  const raging = nemesis.rage(options.paceMs);
  await delay(options.minutes * 60_000);
  await nemesis.stop();
  await raging;
  log("All is healed.");

  for (const client of clients) {
    client.settle({ finish: true });
    client.send({ finish: true });
  }
  const deadline = Date.now() + options.settleMinutes * 60_000;
  const isFinished = () => clients.every(({ told }) => told["finished"] === true);
  while (!isFinished() && Date.now() < deadline) await delay(100);
  log(isFinished() ? "All clients have what they asked for." : "Some clients still wait.");
  const evidence = await gatherEvidence({
    millrace,
    ledgerFile,
    database,
    rebuilt: join(directory, "rebuilt.db"),
    seed,
    leaseMs,
    deadline: Math.max(deadline, Date.now() + 20_000),
  });
  const kept = options.keep ? directory : undefined;
  return makeReport(evidence, checkAll(evidence), options, kept);
}

/**
 * Whether one server is to have a disk that can be made full. What is on it is gone at the end, so one server alone that is to
 * be kept has none.
 * @param {ChaosOptions} options
 */
function takesSmallDisk({ faults, keep, topology }) {
  return (faults.length === 0 || faults.includes("fill-disk")) && !(keep && topology === "one");
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

/** @param {string} socket @param {string} file @param {Ending} ending */
async function startLedger(socket, file, ending) {
  const script = join(import.meta.dirname, "ledger", "ledger-process.mjs");
  const child = fork(script, [socket, file]);
  ending.defer(() => void child.kill());
  await once(child, "message");
  const ledger = new LedgerClient(socket);
  ending.defer(() => ledger.close());
  return ledger;
}

/** @param {AbortSignal | undefined} signal @returns {Promise<never>} */
function aborted(signal) {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** What is to be closed at the end, the last first. */
class Ending {
  /** @type {(() => Promise<unknown> | void)[]} */ #closers = [];

  /** @param {() => Promise<unknown> | void} close */
  defer(close) {
    this.#closers.unshift(close);
  }

  async end() {
    for (const close of this.#closers) await close();
  }
}

/** @template T @param {number} count @param {(at: number) => T} make @returns {T[]} */
function places(count, make) {
  return Array.from({ length: count }, (_, at) => make(at));
}

/** A cluster that has just begun has no leader yet. @template T @param {() => Promise<T>} ask @returns {Promise<T>} */
async function patiently(ask) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(200);
    }
  }
}

/** @param {string} fact @param {() => boolean} isSo */
async function until(fact, isSo) {
  const deadline = Date.now() + 120_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`Not seen within two minutes: ${fact}`);
    await delay(20);
  }
}
