// @ts-check
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { pino } from "pino";
import { systemClock } from "../dist/ports/clock.js";
import { rebuild } from "../dist/projections/rebuild.js";
import { openRunStore } from "../dist/projections/sql/open-run-store.js";
import { decodeDeadLetter } from "../dist/wire/dead-letter-codec.js";
import { isHeld, isOpen, readLog } from "./evidence.mjs";
import { readLedger } from "./ledger/ledger-client.mjs";
import { expectedOf } from "./load/model.mjs";
import { planOf } from "./load/plans.mjs";
import { patiently, within } from "./patience.mjs";
import { unackedOf } from "./queue-watch.mjs";

/**
 * Waits until nothing moves any more, or the deadline, and reads all that the checks look at.
 * @param {object} place
 * @param {import("../dist/index.js").Millrace} place.millrace
 * @param {string} place.ledgerFile
 * @param {string} place.database the view that was kept all the time
 * @param {string} place.rebuilt where to build it anew
 * @param {string} place.seed
 * @param {number} place.leaseMs
 * @param {readonly import("./evidence.mjs").QueueSample[]} place.samples
 * @param {number} place.deadline milliseconds since 1970
 * @returns {Promise<import("./evidence.mjs").Evidence>}
 */
export async function gatherEvidence(place) {
  const { millrace, ledgerFile, database, rebuilt, seed, leaseMs, samples, deadline } = place;
  const { broker } = millrace;
  const ledger = readLedger(ledgerFile);
  const expected = expectationsOf(ledger, seed);
  const { runs, unacked } = await whenQuiet(millrace, expected, deadline);
  const letters = await within("the dead letters", READ_MS, broker.log.deadLetters(1_000));
  return {
    runs,
    ledger,
    expected,
    explained: await explained(millrace, [...runs.values()].filter(isOpen)),
    unacked,
    samples,
    deadLetters: letters.map(shownLetter),
    views: await viewsOf(broker, database, rebuilt),
    leaseMs,
  };
}

/** How long each of these reads may take. */
const READ_MS = 120_000;

/** Ends what nobody waits for any more. What it had read until then is not taken for all there is. */
function tooLate() {
  return AbortSignal.timeout(READ_MS + 1_000);
}

/** @param {import("../dist/ports/run-log.js").Stored} letter */
function shownLetter({ subject, data }) {
  const letter = decodeDeadLetter(data);
  return letter.kind === "ok" ? `${letter.value.subject}: ${letter.value.reason}` : subject;
}

/**
 * What the plans lead to that clients have begun, by run.
 * @param {readonly import("./ledger/entries.mjs").Entry[]} ledger @param {string} seed
 * @returns {Map<string, import("./load/model.mjs").Expected>}
 */
function expectationsOf(ledger, seed) {
  const expected = ledger.flatMap((entry) =>
    entry.kind === "intended" ? expectedOf(planOf(seed, entry.who, entry.plan)) : [],
  );
  return new Map(expected.map((one) => [one.id, one]));
}

/**
 * The log, when all has ended that is to end and no message is left, or when the deadline has passed.
 * @param {import("../dist/index.js").Millrace} millrace
 * @param {ReadonlyMap<string, import("./load/model.mjs").Expected>} expected
 * @param {number} deadline
 */
async function whenQuiet(millrace, expected, deadline) {
  for (;;) {
    const runs = await within("the log", READ_MS, readLog(millrace.broker.feed, tooLate()));
    const unacked = await within(
      "the queues",
      READ_MS,
      patiently(() => unackedOf(millrace)),
    );
    const isQuiet =
      unacked.every(({ waiting, handedOut }) => waiting + handedOut === 0) &&
      [...runs.values()].every((run) => !isHeld(run) && (!isOpen(run) || mayWait(run, expected)));
    if (isQuiet || Date.now() >= deadline) return { runs, unacked };
    await delay(500);
  }
}

/** @param {import("./evidence.mjs").LoggedRun} run @param {ReadonlyMap<string, import("./load/model.mjs").Expected>} expected */
function mayWait({ id }, expected) {
  return expected.get(id)?.ends.some(({ status }) => status === "waiting") ?? false;
}

/**
 * Why each of these runs is open. There may be hundreds when something is wrong, and each may be asked after in vain.
 * @param {Pick<import("../dist/index.js").Millrace, "attach">} millrace
 * @param {readonly { readonly id: string }[]} runs
 * @param {number} [patienceMs] for all of them
 */
export async function explained(millrace, runs, patienceMs = READ_MS) {
  const deadline = Date.now() + patienceMs;
  /** @type {Map<string, string>} */
  const reasons = new Map();
  const left = [...runs];
  const explainSome = async () => {
    for (let run = left.pop(); run !== undefined; run = left.pop()) {
      const { id } = run;
      const asked = Promise.resolve().then(() => millrace.attach(id).explain());
      const leftMs = Math.max(0, deadline - Date.now());
      const reason = await within("an explanation", leftMs, asked).then(
        (explanation) => explanation.reason,
        (error) => `it cannot be explained (${error.message})`,
      );
      reasons.set(id, reason);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, explainSome));
  return reasons;
}

/** Runs that are asked after at once. */
const AT_ONCE = 16;

/** Long enough for a projector that was cut off to come back. */
const CATCH_UP_MS = 30_000;

/**
 * @param {import("../dist/ports/broker.js").Broker} broker
 * @param {string} database
 * @param {string} file
 */
async function viewsOf({ feed }, database, file) {
  const log = pino({ level: "silent" });
  const store = await openRunStore(file);
  const building = rebuild({ feed, store, clock: systemClock, log }, tooLate());
  await within("the view that is built anew", READ_MS, building);
  const rebuilt = await rowsOf(store);
  await store.close();
  const kept = await openRunStore(database);
  try {
    const deadline = Date.now() + CATCH_UP_MS;
    for (;;) {
      const live = await rowsOf(kept);
      if (isDeepStrictEqual(live, rebuilt) || Date.now() > deadline) return { live, rebuilt };
      await delay(250);
    }
  } finally {
    await kept.close();
  }
}

/** @param {import("../dist/projections/run-store.js").RunStore} store */
async function rowsOf({ view }) {
  const rows = [];
  /** @type {string | undefined} */
  let after;
  do {
    const page = await view.list({}, { limit: 1_000, ...(after === undefined ? {} : { after }) });
    rows.push(...page.rows.map((row) => ({ ...row })));
    after = page.next;
  } while (after !== undefined);
  return rows.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}
