// @ts-check
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { checkAll } from "./checks/index.mjs";
import { OptionError } from "./command.mjs";
import { Ending } from "./ending.mjs";
import { FAULTS } from "./faults/index.mjs";
import { gatherEvidence } from "./gather-evidence.mjs";
import { Nemesis } from "./nemesis.mjs";
import { openField } from "./open-field.mjs";
import { within } from "./patience.mjs";
import { QueueWatch } from "./queue-watch.mjs";
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

/**
 * Lets the load run, strikes, heals, waits until all is quiet, and checks.
 * @param {ChaosOptions} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function runChaos(options) {
  const unknown = options.faults.filter((name) => FAULTS.every((fault) => fault.name !== name));
  if (unknown.length > 0) {
    const all = FAULTS.map(({ name }) => name).join(", ");
    throw new OptionError(`There is no fault ${unknown.join(", ")}. There are: ${all}`);
  }
  const ending = new Ending();
  const running = runField(options, ending);
  try {
    return await Promise.race([running, aborted(options.signal)]);
  } finally {
    // What is being started can be ended when it is there.
    const isOver = running.then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([isOver, delay(LET_START_MS, undefined, { ref: false })]);
    await ending.end();
  }
}

/** How long what was interrupted may take to come to a place where it can be left. */
const LET_START_MS = 20_000;

/** @param {ChaosOptions} options @param {Ending} ending @returns {Promise<import("./report.mjs").Report>} */
async function runField(options, ending) {
  const { keep, seed, leaseMs, log, signal } = options;
  const directory = await mkdtemp(join(tmpdir(), "millrace-chaos-"));
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
  if (!keep) ending.defer("the folder", remove);
  const open = await openField(options, directory, ending);
  signal?.throwIfAborted();
  const watch = new QueueWatch(open.field);
  ending.defer("the watch of the queues", () => watch.stop());
  await rage(open, options);
  log("All is healed.");
  const deadline = Date.now() + options.settleMinutes * 60_000;
  const isFinished = await finish(open.clients, deadline, signal);
  signal?.throwIfAborted();
  log(isFinished ? "All clients have what they asked for." : "Some clients still wait.");
  await watch.stop();
  const evidence = await gatherEvidence({
    ...open,
    samples: watch.samples,
    rebuilt: join(directory, "rebuilt.db"),
    seed,
    leaseMs,
    deadline: Math.max(deadline, Date.now() + QUIET_MS),
  });
  return makeReport(evidence, checkAll(evidence), options, keep ? directory : undefined);
}

/** Servers catch up one after the other, each for up to two minutes. */
const HEAL_MS = 8 * 60_000;

/** What is left when clients have their results: children that go on, messages that come again. */
const QUIET_MS = 20_000;

/** @param {import("./open-field.mjs").OpenField} open @param {ChaosOptions} options */
async function rage({ field, ledger }, { seed, faults, paceMs, minutes, signal }) {
  const random = new Random(seed).fork("nemesis");
  const nemesis = new Nemesis(field, chosenFaults(faults, field), { random, ledger });
  nemesis.rage(paceMs);
  const lasted = delay(minutes * 60_000, undefined, signal === undefined ? {} : { signal });
  try {
    await lasted;
  } finally {
    await within("the healing of all that is struck", HEAL_MS, nemesis.stop());
  }
}

/**
 * Has the clients begin nothing more; true when all that they had begun is over.
 * @param {readonly import("./processes/member.mjs").Member[]} clients @param {number} deadline
 * @param {AbortSignal | undefined} signal
 */
async function finish(clients, deadline, signal) {
  for (const client of clients) {
    client.settle({ finish: true });
    client.send({ finish: true });
  }
  const isFinished = () => clients.every(({ told }) => told["finished"] === true);
  const isAborted = () => signal?.aborted === true;
  while (!isFinished() && Date.now() < deadline && !isAborted()) await delay(100);
  return isFinished();
}

/**
 * @param {readonly string[]} names
 * @param {import("./field.mjs").Field} field
 */
function chosenFaults(names, field) {
  const chosen = FAULTS.filter((fault) => {
    if (names.length > 0 && !names.includes(fault.name)) return false;
    const why = fault.needs?.(field);
    if (why !== undefined) field.log(`Left out: ${fault.name}, ${why}`);
    return why === undefined;
  });
  if (chosen.length === 0) throw new OptionError("None of these faults can be done here.");
  return chosen;
}

/** @param {AbortSignal | undefined} signal @returns {Promise<never>} */
function aborted(signal) {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
