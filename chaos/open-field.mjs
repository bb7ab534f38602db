// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect as connectRaw } from "@nats-io/transport-node";
import { connect } from "../dist/index.js";
import { LedgerClient } from "./ledger/ledger-client.mjs";
import { LIMITS } from "./load/model.mjs";
import { buildOlder } from "./older-build.mjs";
import { patiently, until } from "./patience.mjs";
import { Member } from "./processes/member.mjs";
import { Random } from "./random.mjs";
import { startServers } from "./servers.mjs";

/**
 * A field with all that it takes to look after it.
 * @typedef {object} OpenField
 * @property {import("./field.mjs").Field} field
 * @property {readonly Member[]} clients
 * @property {import("../dist/index.js").Millrace} millrace straight to the servers
 * @property {LedgerClient} ledger
 * @property {string} ledgerFile
 * @property {string} database the view that the projector keeps
 */

const NAMESPACE = "chaos";
/** Plans that one client has under way. */
const OPEN = 60;

/**
 * Starts servers, ledger, workers, clients and a projector; resolves when all of them do their work.
 * @param {import("./run-chaos.mjs").ChaosOptions} options
 * @param {string} directory
 * @param {import("./ending.mjs").Ending} ending
 * @returns {Promise<OpenField>}
 */
export async function openField(options, directory, ending) {
  const { topology, seed, leaseMs, log } = options;
  const older = options.older === undefined ? undefined : join(directory, "older");
  if (older !== undefined) await buildOlder(String(options.older), older);
  const servers = await startServers(topology, directory, {
    random: new Random(seed).fork("servers"),
    smallDisk: takesSmallDisk(options),
  });
  ending.defer("the servers", () => Promise.all(servers.map((server) => server.close())));
  const urls = servers.map(({ url }) => url);
  const connection = await connectRaw({ servers: urls, maxReconnectAttempts: -1, timeout: 2_000 });
  ending.defer("the connection", () => connection.close());
  const millrace = await openNamespace(urls, topology);
  ending.defer("the namespace's connection", () => millrace.close());

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
    ending.defer(name, () => member.stop());
    return member;
  };
  const workers = places(options.workers, (at) => place(`worker-${at}`, "worker.mjs"));
  const projector = place("projector", "projector.mjs");
  const clients = places(options.clients, (at) => place(`client-${at}`, "client.mjs"));
  const all = [...workers, projector, ...clients];
  const areReady = () => all.every(({ isReady }) => isReady) || options.signal?.aborted === true;
  await until("all processes do their work", areReady);

  const about = { topology, leaseMs, namespace: NAMESPACE, directory, older, log };
  const field = { ...about, servers, workers, clients, connection };
  return { field, clients, millrace, ledger, ledgerFile, database };
}

/** @param {readonly string[]} servers @param {"one" | "cluster"} topology */
async function openNamespace(servers, topology) {
  const replicas = topology === "one" ? 1 : 3;
  const options = { servers: [...servers], namespace: NAMESPACE, replicas };
  const millrace = await patiently(() => connect(options));
  await patiently(() => millrace.queue("narrow").set({ concurrency: LIMITS.narrow }));
  return millrace;
}

/**
 * Whether one server is to have a disk that can be made full. What is on it is gone at the end, so one server alone that is to
 * be kept has none.
 * @param {import("./run-chaos.mjs").ChaosOptions} options
 */
function takesSmallDisk({ faults, keep, topology }) {
  return (faults.length === 0 || faults.includes("fill-disk")) && !(keep && topology === "one");
}

/** @param {string} socket @param {string} file @param {import("./ending.mjs").Ending} ending */
async function startLedger(socket, file, ending) {
  const script = join(import.meta.dirname, "ledger", "ledger-process.mjs");
  // What stops this process from a terminal does not stop what writes down how it ended.
  const child = fork(script, [socket, file], { detached: true });
  ending.defer("the ledger", () => void child.kill());
  await once(child, "message");
  const ledger = new LedgerClient(socket);
  ending.defer("the way to the ledger", () => ledger.close());
  return ledger;
}

/** @template T @param {number} count @param {(at: number) => T} make @returns {T[]} */
function places(count, make) {
  return Array.from({ length: count }, (_, at) => make(at));
}
