/**
 * The fold that makes a run's row (I10). Rules:
 *
 * - A row is a function of its run's messages in the order of their sequences: no clock, no chance, no other run.
 * - What cannot be understood, or is a run's by its subject only, changes nothing (I11). Nor does a frame that does not
 *   continue the chain of frames (I2).
 * - A key that was submitted to two queues is one run: its facts are those of the first submission, its queue is the one
 *   that its history names.
 * - A history whose submission cannot be read makes a row too: what is missing is empty. An inbox alone makes none.
 * - A run that was put into the archive has the row that its one frame tells of, whatever was known before: messages that
 *   are gone would not be there for a view that is built anew. The mark on its submission comes last: it says that all of it
 *   is there. The same holds for the one frame that brings a run back.
 * - Of the inbox, what is in the run's own queue counts: the run reads no other.
 */
import { archivedIn } from "../engine/archived-event.ts";
import { isActive, isClosed, type RecordedFrame } from "../engine/frame.ts";
import type { Layers } from "../engine/partition.ts";
import { isPlain, type Payload } from "../engine/payload.ts";
import type { ParkReason, RunEvent } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import { crashesAfter } from "../engine/run-state.ts";
import { runStatus, statusBeforeStart } from "../engine/run-status.ts";
import type { Submission } from "../engine/submission.ts";
import type { FedMessage } from "../ports/event-feed.ts";
import { readErrorText } from "../wire/error-codec.ts";
import { errorFingerprint } from "./error-fingerprint.ts";
import { type RunFact, readFact } from "./run-fact.ts";
import type { RunRow } from "./run-row.ts";
import {
  storableAttributes,
  storableNumber,
  storableSequence,
  storableTags,
  storableText,
  storableTime,
} from "./storable.ts";

/** The row after a message: the same object when that changes nothing. */
export function foldMessage(
  row: RunRow | undefined,
  message: FedMessage,
  layers: Layers,
): RunRow | undefined {
  const fact = readFact(message, layers);
  return fact === undefined ? row : foldFact(row, fact);
}

/** The same for a message that was read already. The row, if there is one, is this run's. */
export function foldFact(row: RunRow | undefined, fact: RunFact): RunRow | undefined {
  switch (fact.kind) {
    case "submission":
      return foldSubmission(row ?? emptyRow(fact), fact.submission, fact.sequence);
    case "frame":
      return foldFrame(row, fact);
    case "input":
      return row === undefined ? row : foldInput(row, fact);
  }
}

function foldSubmission(row: RunRow, submission: Submission, sequence: number): RunRow {
  // A mark of the archive takes the place of the submission that was there.
  if (row.submissionSequence !== 0 && submission.archived === undefined) return row;
  const { queue, parent, tags, attributes } = submission;
  const submittedAt = storableTime(submission.submittedAt);
  const mark = submission.archived;
  const facts = {
    archived: mark?.restoredAt === 0 ? storableText(mark.file.key, MAX_TEXT) : "",
    submissionSequence: sequence,
    parent: parent?.runId ?? "",
    root: parent?.root ?? row.id,
    depth: parent?.depth ?? 0,
    submittedAt,
    startAt: storableTime(submission.startAt),
    deadlineAt: storableTime(submission.deadlineAt),
    tags: storableTags(tags),
    attributes: { ...storableAttributes(attributes), ...row.attributes },
  };
  if (row.headSequence !== 0) {
    // What came while the former mark was there counts for a view that is built anew, and for none that has seen that mark.
    const isMoved = mark !== undefined && isClosed(row.status);
    return { ...row, ...facts, lastInput: isMoved ? row.inboxFolded : row.lastInput };
  }
  const status = statusBeforeStart(submission, submittedAt);
  return { ...row, ...facts, queue, status, updatedAt: submittedAt };
}

function foldFrame(
  row: RunRow | undefined,
  fact: Extract<RunFact, { kind: "frame" }>,
): RunRow | undefined {
  const { frame } = fact;
  const archived = archivedIn(frame);
  if (frame.prev === 0 && archived?.submission.runId === fact.run.id) {
    const sequence = row?.submissionSequence ?? 0;
    const submitted = foldSubmission(emptyRow(fact), archived.submission, sequence);
    return afterFrame(submitted, frame);
  }
  if (row !== undefined && bringsBack(row, frame)) return afterFrame(startedAnew(row, fact), frame);
  const before = row ?? emptyRow(fact);
  return frame.prev === before.headSequence ? afterFrame(before, frame) : row;
}

/**
 * A history that begins anew and has ended takes the place of the former one, of which the row may know only a part: it is read
 * no further when all of it is gone from the log. It is the same run's when it began at the same time.
 */
function bringsBack(row: RunRow, { prev, epoch, status, events }: RecordedFrame): boolean {
  const isWhole = isClosed(status) && epoch >= row.epoch;
  const begunAt = events.findLast(({ type }) => type === "Forked")?.at ?? events[0]?.at ?? 0;
  const isSame = storableTime(begunAt) === row.startedAt;
  return prev === 0 && row.headSequence !== 0 && isWhole && isSame;
}

/** What its submission says. Of the attributes, those that its flow set are set again by the history. */
function startedAnew(
  row: RunRow,
  fact: { readonly run: RunRef; readonly partition: number },
): RunRow {
  const { submissionSequence, parent, root, depth, submittedAt, startAt, deadlineAt } = row;
  const asked = { submissionSequence, parent, root, depth, submittedAt, startAt, deadlineAt };
  const { tags, attributes, archived } = row;
  return { ...emptyRow(fact), ...asked, tags, attributes, archived };
}

function foldInput(row: RunRow, { sequence, queue }: Extract<RunFact, { kind: "input" }>): RunRow {
  // What was in the inbox of a run in the archive is gone.
  if (row.archived !== "") return row;
  return row.queue === queue ? { ...row, lastInput: sequence } : row;
}

/** A row of which nothing is known yet but its name. */
function emptyRow({
  run,
  partition,
}: {
  readonly run: RunRef;
  readonly partition: number;
}): RunRow {
  return { ...EMPTY, id: run.id, flow: run.flow, key: run.key, root: run.id, partition };
}

const EMPTY: Omit<RunRow, "id" | "flow" | "key" | "root" | "partition"> = {
  queue: "",
  status: "pending",
  parent: "",
  depth: 0,
  submittedAt: 0,
  startAt: 0,
  deadlineAt: 0,
  startedAt: 0,
  updatedAt: 0,
  closedAt: 0,
  epoch: 0,
  takeOvers: 0,
  crashes: 0,
  worker: "",
  version: "",
  wakeAt: 0,
  waits: [],
  tags: [],
  addedTags: [],
  attributes: {},
  progress: undefined,
  parked: "",
  cancelReason: "",
  errorName: "",
  errorMessage: "",
  errorFingerprint: "",
  submissionSequence: 0,
  headSequence: 0,
  inboxFolded: 0,
  lastInput: 0,
  archived: "",
};

type Draft = { -readonly [Field in keyof RunRow]: RunRow[Field] };

/** Times are as {@link foldFrames} tells them of the whole history. */
function afterFrame(row: RunRow, frame: RecordedFrame): RunRow {
  const isFirst = row.headSequence === 0;
  const { sequence, status, writer, events } = frame;
  const queue = frame.queue === "" ? row.queue : frame.queue;
  const inboxFolded = storableSequence(frame.inboxFolded);
  const draft: Draft = {
    ...row,
    ...NOT_KEPT,
    parked: status === "parked" ? row.parked : "",
    headSequence: sequence,
    status: runStatus(status),
    epoch: frame.epoch,
    worker: isActive(status) ? storableText(writer, MAX_NAME) : "",
    queue,
    inboxFolded,
    // What was folded was there, though it may have come before the run was known.
    lastInput: Math.max(row.queue === queue ? row.lastInput : 0, inboxFolded),
  };
  if (isFirst) {
    draft.updatedAt = 0;
    draft.startedAt = storableTime(events[0]?.at ?? 0);
  }
  for (const event of events) {
    draft.updatedAt = Math.max(draft.updatedAt, storableTime(event.at));
    draft.crashes = crashesAfter(event, draft.crashes);
    applyEvent(draft, event);
  }
  draft.closedAt = isClosed(status) ? draft.updatedAt : 0;
  // A frame may hold what several did before: what went on since is not so any more.
  if (status !== "parked") draft.parked = "";
  if (status !== "suspended" && status !== "scheduled") Object.assign(draft, NO_WAIT);
  if (!isClosed(status)) Object.assign(draft, NO_ERROR);
  return draft;
}

/** What only the last frame tells. */
const NO_WAIT = { wakeAt: 0, waits: [] };
const NO_ERROR = { errorName: "", errorMessage: "", errorFingerprint: "" };
const NOT_KEPT = { ...NO_WAIT, ...NO_ERROR };

function applyEvent(draft: Draft, event: RunEvent): void {
  switch (event.type) {
    case "Activated":
      if (event.reason === "takeover") draft.takeOvers++;
      draft.version = storableText(event.version, MAX_NAME);
      return;
    case "Suspended":
      draft.wakeAt = storableTime(event.wakeAt);
      draft.waits = event.waits.slice(0, MAX_WAITS).map((wait) => storableText(wait, MAX_TEXT));
      return;
    case "CancelRequested":
    case "Cancelled":
      if (draft.cancelReason === "") draft.cancelReason = storableText(event.reason, MAX_TEXT);
      return;
    case "Annotated":
      applyAnnotations(draft, event);
      return;
    case "Parked":
      draft.parked = storableText(event.reason, MAX_NAME) as ParkReason;
      return;
    case "Archived":
      draft.startedAt = storableTime(event.runStartedAt);
      draft.takeOvers = event.takeOvers;
      draft.crashes = event.crashes;
      draft.version = storableText(event.version, MAX_NAME);
      draft.cancelReason = storableText(event.cancelReason, MAX_TEXT);
      return;
    case "Forked":
      draft.startedAt = storableTime(event.at);
      return;
    case "Failed":
      applyError(draft, event.error);
      return;
    case "StepStarted":
    case "StepAttemptFailed":
    case "StepCompleted":
    case "StepFailed":
    case "TimerSet":
    case "TimerFired":
    case "InputFolded":
    case "ChildSubmitted":
    case "Patched":
    case "Released":
    case "Resumed":
    case "Completed":
    case "Crashed":
    case "Unknown":
      return;
  }
}

const MAX_NAME = 256;
const MAX_TEXT = 1_000;
const MAX_WAITS = 32;

function applyAnnotations(draft: Draft, told: Extract<RunEvent, { type: "Annotated" }>): void {
  draft.addedTags = storableTags(told.tags);
  draft.attributes = { ...draft.attributes, ...storableAttributes(told.attributes) };
  const { progress } = told;
  draft.progress =
    progress === undefined
      ? undefined
      : {
          done: storableNumber(progress.done),
          total: storableNumber(progress.total),
          message: storableText(progress.message, MAX_TEXT),
        };
}

/** Neither blobs nor codecs: a fold looks at nothing but its message. */
function applyError(draft: Draft, error: Payload): void {
  if (!isPlain(error) || error.encoding !== "error") return;
  const text = readErrorText(error);
  if (text === undefined) return;
  draft.errorName = storableText(text.name, MAX_NAME);
  draft.errorMessage = storableText(text.message, MAX_TEXT);
  draft.errorFingerprint = errorFingerprint(draft.errorName, draft.errorMessage);
}
