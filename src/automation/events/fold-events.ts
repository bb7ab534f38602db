/**
 * Makes the events of a partition's messages, in their order. What is not known of a run is read from the log, for several runs
 * at once, before a batch is folded: the fold itself waits for nothing.
 */
import { isClosed, type RecordedFrame } from "../../engine/frame.ts";
import type { Layers } from "../../engine/partition.ts";
import type { RunId, RunRef } from "../../engine/run-id.ts";
import type { RunStatus } from "../../engine/run-status.ts";
import { FORKER, isForked, isImported, type Submission } from "../../engine/submission.ts";
import type { FedMessage } from "../../ports/event-feed.ts";
import type { RunLog } from "../../ports/run-log.ts";
import type { BusSubjects } from "../../wire/bus-subjects.ts";
import { type EventMessage, eventMessage } from "../../wire/cloud-event-codec.ts";
import { decodeFrame } from "../../wire/frame-codec.ts";
import { runOfSubject } from "../../wire/run-of-subject.ts";
import { decodeSubmission } from "../../wire/submission-codec.ts";
import { readRunFacts } from "./read-run-facts.ts";
import type { RunFactCache } from "./run-fact-cache.ts";
import { afterFrame, factsOf, type RunFacts } from "./run-facts.ts";
import { runStatusEvent } from "./run-status-event.ts";

/** An event that is to be published. */
export interface ToldEvent {
  readonly run: RunId;
  readonly id: string;
  readonly message: EventMessage;
}

export interface FoldHost {
  readonly log: RunLog;
  readonly partition: number;
  readonly layers: Layers;
  readonly subjects: BusSubjects;
  readonly cache: RunFactCache;
  /** The id of the event that a message of the log leads to. */
  readonly idOf: (sequence: number) => string;
  /** Statuses that are told. */
  readonly statuses: ReadonlySet<RunStatus>;
}

/** The events of a batch. @throws {@link BrokerError} when the log does not answer: fold it again. */
export async function foldEvents(
  host: FoldHost,
  batch: readonly FedMessage[],
): Promise<readonly ToldEvent[]> {
  const facts = batch
    .map((message) => readMessage(host, message))
    .filter((one) => one !== undefined);
  await readMissing(host, facts);
  const events: ToldEvent[] = [];
  const closed = new Set<RunId>();
  for (const fact of facts) {
    const { run } = fact;
    const event = fact.kind === "frame" ? await foldFrame(host, fact) : foldSubmission(host, fact);
    if (event !== undefined) events.push(event);
    const status = host.cache.get(run.id)?.status;
    if (status !== undefined && isClosed(status)) closed.add(run.id);
    else closed.delete(run.id);
  }
  // Most of those that have ended are never heard of again.
  for (const id of closed) host.cache.forget(id);
  host.cache.trim();
  return events;
}

type Fact = FrameFact | SubmissionFact;

interface FrameFact {
  readonly kind: "frame";
  readonly run: RunRef;
  readonly frame: RecordedFrame;
}

interface SubmissionFact {
  readonly kind: "submission";
  readonly run: RunRef;
  readonly submission: Submission;
  readonly sequence: number;
}

function readMessage({ layers }: FoldHost, message: FedMessage): Fact | undefined {
  const run = runOfSubject(message, layers);
  if (run === undefined) return undefined;
  const { kind, sequence, data } = message;
  if (kind === "h") {
    const decoded = decodeFrame(data);
    if (decoded.kind === "foreign") return undefined;
    return { kind: "frame", run, frame: { ...decoded.value, sequence } };
  }
  const decoded = decodeSubmission(data);
  if (decoded.kind === "foreign" || decoded.value.runId !== run.id) return undefined;
  return { kind: "submission", run, sequence, submission: decoded.value };
}

/** Reads what is missing of the runs of which a frame comes first. */
async function readMissing(host: FoldHost, facts: readonly Fact[]): Promise<void> {
  const seen = new Set<RunId>();
  const missing: FrameFact[] = [];
  for (const fact of facts) {
    const { id } = fact.run;
    if (!seen.has(id) && fact.kind === "frame" && host.cache.get(id) === undefined) {
      missing.push(fact);
    }
    seen.add(id);
  }
  const read = async (): Promise<void> => {
    for (let fact = missing.pop(); fact !== undefined; fact = missing.pop()) {
      await readFacts(host, fact);
    }
  };
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, missing.length) }, read));
}

async function readFacts(host: FoldHost, { run, frame }: FrameFact): Promise<RunFacts | undefined> {
  const read = await readRunFacts(host.log, run, host.partition, frame);
  if (read !== undefined) host.cache.set(read);
  return read;
}

function foldSubmission(host: FoldHost, fact: SubmissionFact): ToldEvent | undefined {
  const { run, submission, sequence } = fact;
  if (isForked(submission) && submission.archived === undefined) {
    // Its history came first. What comes next is folded onto that, which is read then.
    host.cache.forget(run.id);
    return tell(host, sequence, factsOf(run, submission), undefined, []);
  }
  // What happened to it was told where that happened.
  if (submission.imported !== undefined) return undefined;
  // The mark of a run in the archive, or one key in two queues: it is one run.
  if (submission.archived !== undefined || host.cache.get(run.id) !== undefined) return undefined;
  const facts = factsOf(run, submission);
  host.cache.set(facts);
  return tell(host, sequence, facts, undefined, []);
}

async function foldFrame(
  host: FoldHost,
  { run, frame }: FrameFact,
): Promise<ToldEvent | undefined> {
  // A fork is told of by its submission, which comes after its history.
  if (isBeingForked(frame)) {
    host.cache.forget(run.id);
    return undefined;
  }
  if (isImported(frame)) {
    host.cache.forget(run.id);
    return undefined;
  }
  const known = host.cache.get(run.id) ?? (await readFacts(host, { kind: "frame", run, frame }));
  const next = known === undefined ? undefined : afterFrame(known, frame);
  if (known === undefined || next === undefined) {
    // It went to the archive or came back from there: what comes next is read anew.
    if (frame.prev === 0) host.cache.forget(run.id);
    return undefined;
  }
  host.cache.set(next);
  if (next.status === known.status) return undefined;
  return tell(host, frame.sequence, next, known.status, frame.events);
}

/** True for a frame that a forker wrote: a copy of another run's history, or a part of one. */
function isBeingForked({ events, writer }: RecordedFrame): boolean {
  return writer.startsWith(FORKER) || events.at(-1)?.type === "Forked";
}

function tell(
  { idOf, log, subjects, statuses }: FoldHost,
  sequence: number,
  facts: RunFacts,
  previous: RunStatus | undefined,
  events: RecordedFrame["events"],
): ToldEvent | undefined {
  const { run, status } = facts;
  if (status === undefined || !statuses.has(status)) return undefined;
  const id = idOf(sequence);
  const place = { id, source: `/millrace/${subjects.namespace}` };
  const subject = subjects.runEvent(status, run.flow);
  const messageOf = (told: RunFacts): EventMessage =>
    eventMessage(subject, runStatusEvent(place, { ...told, status }, previous, events));
  // One that the broker refuses would stand in the way of all that come after it.
  const isTooLarge = ({ data }: EventMessage): boolean => data.length > log.maxMessageBytes;
  let message = messageOf(facts);
  if (isTooLarge(message)) message = messageOf(withShortMetadata(facts));
  if (isTooLarge(message)) message = messageOf(withoutExtras(facts));
  return { run: run.id, id, message };
}

/** What was submitted fits into a message; as JSON, and with all else that is told, it may not. */
function withShortMetadata(facts: RunFacts): RunFacts {
  const short = Object.entries(facts.metadata).filter(([, { length }]) => length <= SHORT);
  return { ...facts, metadata: Object.fromEntries(short) };
}

function withoutExtras(facts: RunFacts): RunFacts {
  return { ...facts, tags: [], addedTags: [], attributes: {}, metadata: {} };
}

const READS_AT_ONCE = 16;
/** Characters of a value. */
const SHORT = 256;
