/**
 * Looks through the log for what nobody can use: messages that cannot be understood, and inputs for runs that were never
 * submitted. Each becomes a dead letter.
 *
 * - A message is looked at when it is some minutes old: by then a submission that follows its first signal is there.
 * - How far it is stands in a control record a partition, `inspected.<partition>`: losing it means to look again, and a
 *   message is set aside once however often that is done.
 */
import type { Layers } from "../../engine/partition.ts";
import type { RunRef } from "../../engine/run-id.ts";
import { readSubmission } from "../../history/read-submission.ts";
import type { FedMessage } from "../../ports/event-feed.ts";
import { type RunFact, readFact } from "../../projections/run-fact.ts";
import { decodeRecord, encodeRecord } from "../../wire/control-json.ts";
import { encodeDeadLetter } from "../../wire/dead-letter-codec.ts";
import type { ServerHost } from "../server-host.ts";
import { whyUseless } from "./useless-message.ts";

/** Goes on where the look before ended, up to messages that are too young. Gives how many were set aside. */
export async function inspectLog(
  host: ServerHost,
  partition: number,
  options: InspectOptions,
): Promise<number> {
  const { feed } = host.millrace.broker;
  const { incarnation, last } = await feed.extent(partition);
  const mark = await readMark(host, partition, incarnation);
  let setAside = 0;
  if (last <= mark.sequence) return setAside;
  const { signal } = options;
  for await (const batch of feed.read(partition, mark.sequence, { signal, upTo: last })) {
    const oldEnough = host.clock.now() - options.minAgeMs;
    const young = batch.findIndex(({ storedAt }) => storedAt > oldEnough);
    const old = young === -1 ? batch : batch.slice(0, young);
    setAside += await inspect(host, old, feed.layers);
    const reached = old.at(-1)?.sequence;
    if (reached !== undefined && !(await moveMark(host, partition, mark, reached))) break;
    if (young !== -1) break;
  }
  return setAside;
}

export interface InspectOptions {
  /** How old a message has to be. */
  readonly minAgeMs: number;
  readonly signal: AbortSignal;
}

async function inspect(
  host: ServerHost,
  messages: readonly FedMessage[],
  layers: Layers,
): Promise<number> {
  const known = new Map<string, Promise<boolean>>();
  const isKnown = (run: RunRef, queue: string): Promise<boolean> => {
    const found = known.get(run.id) ?? isSubmitted(host, run, queue);
    known.set(run.id, found);
    return found;
  };
  let setAside = 0;
  for (const message of messages) {
    const fact = readFact(message, layers);
    const reason = whyUseless(message, fact) ?? (await whyUndeliverable(fact, isKnown));
    if (reason === undefined) continue;
    await setMessageAside(host, message, reason);
    setAside++;
  }
  return setAside;
}

async function whyUndeliverable(
  fact: RunFact | undefined,
  isKnown: (run: RunRef, queue: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (fact?.kind !== "input" || (await isKnown(fact.run, fact.queue))) return undefined;
  return "there is no submission of its run";
}

/** The projection knows nearly all of them. What it does not know may be too new for it: the log decides. */
async function isSubmitted(
  { store, millrace }: ServerHost,
  run: RunRef,
  queue: string,
): Promise<boolean> {
  const row = await store.view.row(run.id);
  if (row !== undefined && row.submissionSequence > 0) return true;
  return (await readSubmission(millrace.broker.log, run, queue)) !== undefined;
}

async function setMessageAside(
  { millrace, clock, log }: ServerHost,
  message: FedMessage,
  reason: string,
): Promise<void> {
  const { subject, sequence } = message;
  const letter = encodeDeadLetter({ subject, sequence, reason, at: clock.now() });
  await millrace.broker.log.setAside(message, letter);
  log.warn({ subject, sequence, reason }, "A message was set aside");
}

interface Mark {
  revision: number;
  readonly sequence: number;
  readonly incarnation: string;
}

async function readMark(host: ServerHost, partition: number, incarnation: string): Promise<Mark> {
  const record = await host.millrace.broker.control.read(keyOf(partition));
  if (record === undefined) return { revision: 0, sequence: 0, incarnation };
  const { revision } = record;
  const decoded = decodeRecord(record.data, (fields) => {
    const { sequence } = fields;
    return fields["incarnation"] === incarnation && typeof sequence === "number"
      ? { sequence }
      : "it is about another stream";
  });
  const sequence = decoded.kind === "ok" ? decoded.value.sequence : 0;
  return { revision, sequence, incarnation };
}

/** False: another replica looks through this partition. */
async function moveMark(
  host: ServerHost,
  partition: number,
  mark: Mark,
  sequence: number,
): Promise<boolean> {
  const { incarnation, revision } = mark;
  const data = encodeRecord({ sequence, incarnation });
  const outcome = await host.millrace.broker.control.write(keyOf(partition), data, revision);
  if (outcome.status !== "written") return false;
  mark.revision = outcome.sequence;
  return true;
}

function keyOf(partition: number): string {
  return `inspected.${partition}`;
}
