// @ts-check
/** All that the checks look at: what the log holds, what the ledger says, and what was to come of it. */
import { isActive, isClosed } from "../dist/engine/frame.js";
import { chain } from "../dist/history/run-history.js";
import { runOfSubject } from "../dist/wire/run-of-subject.js";
import { decodeSubmission } from "../dist/wire/submission-codec.js";
import { GARBAGE } from "./faults/send-garbage.mjs";

/**
 * A run as the log holds it.
 * @typedef {object} LoggedRun
 * @property {string} id
 * @property {readonly import("../dist/engine/submission.js").Submission[]} submissions one, if all is well
 * @property {readonly import("../dist/engine/frame.js").RecordedFrame[]} frames
 * @property {readonly { readonly sequence: number, readonly reason: string }[]} foreign
 * @property {readonly import("../dist/ports/run-log.js").Stored[]} inbox
 * @property {ReadonlyMap<number, number>} storedAt when the broker stored each message, by its sequence
 * @property {ReadonlyMap<number, string>} consumers the consumer that hands out each message that may be a token, by its sequence
 */

/**
 * @typedef {object} Evidence
 * @property {ReadonlyMap<string, LoggedRun>} runs
 * @property {readonly import("./ledger/entries.mjs").Entry[]} ledger
 * @property {ReadonlyMap<string, import("./load/model.mjs").Expected>} expected by run: what the plans lead to
 * @property {ReadonlyMap<string, string>} explained what each open run waits for: the reason that `explain` gives
 * @property {readonly Unacked[]} unacked
 * @property {readonly QueueSample[]} samples of the queues while there was chaos
 * @property {readonly string[]} deadLetters the subject of each message that was set aside, and why
 * @property {{ readonly live: readonly Row[], readonly rebuilt: readonly Row[] }} views
 * @property {number} leaseMs
 */

/** @typedef {{ readonly id: string } & Readonly<Record<string, unknown>>} Row a run as a view shows it */
/** @typedef {{ readonly queue: string, readonly waiting: number, readonly handedOut: number }} Unacked */
/** What the consumers of the queues told at some time between two. @typedef {{ readonly from: number, readonly to: number, readonly consumers: readonly ConsumerSample[] }} QueueSample */
/** A queue's consumer: how many messages are handed out and not acked, and after which sequence none was ever handed out. @typedef {{ readonly name: string, readonly handedOut: number, readonly handedOutUpTo: number }} ConsumerSample */

/**
 * Something that must not be.
 * @typedef {object} Violation
 * @property {string} check
 * @property {string} run its id, or empty when it is no single run's
 * @property {string} what
 */

/**
 * Everything that stands in the log of a namespace, run by run.
 * @param {import("../dist/ports/event-feed.js").EventFeed} feed
 * @param {AbortSignal} signal ends it early
 * @returns {Promise<Map<string, LoggedRun>>}
 */
export async function readLog(feed, signal) {
  /** @type {Map<string, import("../dist/ports/event-feed.js").FedMessage[]>} */
  const messages = new Map();
  for (let partition = 0; partition < feed.partitions; partition++) {
    const { last } = await feed.extent(partition);
    if (last === 0) continue;
    const options = { signal, upTo: last };
    for await (const batch of feed.read(partition, 0, options)) {
      for (const message of batch) {
        const run = runOfSubject(message, feed.layers);
        if (run === undefined || run.key.startsWith(GARBAGE)) continue;
        const its = messages.get(run.id);
        if (its === undefined) messages.set(run.id, [message]);
        else its.push(message);
      }
    }
  }
  return new Map([...messages].map(([id, its]) => [id, loggedRun(id, its)]));
}

/**
 * @param {string} id
 * @param {readonly import("../dist/ports/event-feed.js").FedMessage[]} messages
 * @returns {LoggedRun}
 */
function loggedRun(id, messages) {
  /** @param {string} kind */
  const of = (kind) => messages.filter((message) => message.kind === kind);
  return {
    id,
    ...chain(of("h")),
    submissions: of("new").flatMap(({ data }) => {
      const decoded = decodeSubmission(data);
      return decoded.kind === "ok" ? [decoded.value] : [];
    }),
    inbox: of("in"),
    storedAt: new Map(messages.map(({ sequence, storedAt }) => [sequence, storedAt])),
    consumers: new Map([...of("new"), ...of("in")].map((one) => [one.sequence, consumerOf(one)])),
  };
}

/** The name of the consumer that hands it out. @param {import("../dist/ports/event-feed.js").FedMessage} message */
function consumerOf({ kind, subject }) {
  return `${kind}-${subject.split(".")[4]}`;
}

/** @param {LoggedRun} run */
export function statusOf({ frames }) {
  return frames.at(-1)?.status ?? "pending";
}

/** @param {LoggedRun} run */
export function isOpen(run) {
  return !isClosed(statusOf(run));
}

/** Whether a worker is said to have it. @param {LoggedRun} run */
export function isHeld({ frames }) {
  const [last] = frames.slice(-1);
  return last !== undefined && isActive(last.status);
}
