import { NO_ANNOTATIONS, type Progress } from "../engine/annotations.ts";
import type { Attributes } from "../engine/attributes.ts";
import { type EventAddress, type EventPlace, parseEventAddress } from "../engine/event-address.ts";
import type { RecordedFrame } from "../engine/frame.ts";
import { framesUpTo } from "../engine/frames-up-to.ts";
import type { BlobRef } from "../engine/payload.ts";
import type { RunId, RunRef } from "../engine/run-id.ts";
import { foldPeriods, type RunPeriods } from "../engine/run-periods.ts";
import {
  type AttemptState,
  foldFrames,
  type ParkedState,
  type RunState,
} from "../engine/run-state.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../engine/run-status.ts";
import { START_TIMER } from "../engine/step-id.ts";
import type { Submission } from "../engine/submission.ts";
import { BEFORE_ALL, placedEvents, resolveAddress } from "../history/resolve-address.ts";
import type { RunHistory } from "../history/run-history.ts";
import { waitsAtEnd } from "../history/waits-at-end.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { type ArchivePlace, archivePlace } from "./archive-place.ts";
import type { ClientHost } from "./client-host.ts";
import { waitsInQueue } from "./queue-waits.ts";
import { type CommandDetails, commandTree } from "./run-commands.ts";
import { type TimelineEntry, timelineOf } from "./run-timeline.ts";
import { ShownPayloads } from "./shown-payloads.ts";
import { readWholeHistory } from "./whole-history.ts";

/**
 * All that is recorded of a run, with its payloads decoded. In the place of one that is large, or cannot be read here,
 * stands a text that says where it is and why.
 */
export interface RunDetails {
  readonly id: RunId;
  readonly status: RunStatus;
  readonly queue: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What it can be searched by: from the submission, overwritten by what its flow has set. */
  readonly attributes: Attributes;
  readonly input: unknown;
  readonly submittedAt: Date;
  /** Not to be started before, if that was asked for. */
  readonly startAt: Date | undefined;
  /** Cancelled if it has not ended by then, if that was asked for. */
  readonly deadlineAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly closedAt: Date | undefined;
  /** Activations so far. */
  readonly epoch: number;
  /** The worker that holds it, or empty. */
  readonly worker: string;
  /** The flow's own version, as the worker had it that last took the run up; empty for none. */
  readonly version: string;
  /** The changes of its code (`ctx.patch`) that it has gone by with the new code. */
  readonly patches: readonly string[];
  /** How often a worker died on it, all told. */
  readonly takeOvers: number;
  /** In the order in which they were recorded first. */
  readonly steps: readonly StepDetails[];
  readonly timers: readonly TimerDetails[];
  /** Runs that its flow submitted, in order. */
  readonly children: readonly ChildDetails[];
  /** The same three as the flow asked for them: a tree by their ids. */
  readonly commands: readonly CommandDetails[];
  /** When what went on, for drawing: queued, held, waiting, attempts, timers, children. */
  readonly timeline: readonly TimelineEntry[];
  /** How long it was due before a worker took it up; nothing while that has not happened. */
  readonly queueDelayMs: number | undefined;
  /** When nobody held it because it only waited, and what for. */
  readonly waits: readonly WaitDetails[];
  /** The run that submitted it from its flow, if one did. */
  readonly parent: string | undefined;
  /** The run that it was made of, and how many of its events it begins with; 0 for a run that was only run again. */
  readonly origin: { readonly runId: string; readonly event: number } | undefined;
  /**
   * What it waits for: what a suspended run said itself, what keeps a pending one in its queue, and while a worker holds it the
   * steps, timers, children and signals that are recorded as open.
   */
  readonly waitingFor: readonly string[];
  /** Why it is to stop, if somebody asked for that. */
  readonly cancelReason: string | undefined;
  readonly progress: Progress | undefined;
  /** The values that its flow exposes, by name. */
  readonly exposed: Readonly<Record<string, unknown>>;
  readonly parked: ParkedState | undefined;
  readonly output: unknown;
  /** Where input and output are, if they are in a blob store. */
  readonly inputBlob: BlobRef | undefined;
  readonly outputBlob: BlobRef | undefined;
  /** What the run threw, with its causes. */
  readonly error: Error | undefined;
  /** Where all this was read, if the run is in the archive. */
  readonly archived: ArchivePlace | undefined;
  /** Messages on the history's subject that no worker wrote; they are passed over. */
  readonly foreign: readonly { readonly sequence: number; readonly reason: string }[];
  readonly frames: readonly RecordedFrame[];
  /** Stream sequence of the last frame that is shown; 0 for none. */
  readonly sequence: number;
  /** The last event that is shown. */
  readonly lastEvent: EventPlace;
}

/** How much of a run is read. */
export interface DetailsOptions {
  /**
   * As it was after this event: its number (`"12"`), a stream sequence (`"seq:9041"`), or a step (`"charge#1"`, after the last
   * that is recorded of it). What is recorded later is left out. Default: as it is now.
   */
  readonly at?: string | EventAddress;
}

export interface StepDetails {
  readonly id: string;
  readonly status: "running" | "awaiting-retry" | "completed" | "failed";
  readonly attempts: readonly AttemptDetails[];
  readonly output: unknown;
  /** Where the output is, if it is in a blob store. */
  readonly outputBlob: BlobRef | undefined;
}

export interface AttemptDetails {
  readonly attempt: number;
  readonly startedAt: Date;
  /** Nothing while it runs. */
  readonly durationMs: number | undefined;
  readonly retryAt: Date | undefined;
  readonly error: Error | undefined;
}

export interface ChildDetails {
  /** Its place in the flow. */
  readonly id: string;
  readonly runId: string;
  /** True when this run has learnt of its end. */
  readonly closed: boolean;
  readonly submittedAt: Date;
  /** When this run learnt of its end. */
  readonly closedAt: Date | undefined;
}

export interface WaitDetails {
  readonly from: Date;
  /** Nothing while it waits. */
  readonly to: Date | undefined;
  readonly waitsFor: readonly string[];
}

export interface TimerDetails {
  readonly id: string;
  readonly fireAt: Date;
  readonly firedAt: Date | undefined;
}

/** @throws {@link InvalidOptionError}, {@link EventNotFoundError} */
export async function readDetails(
  host: ClientHost,
  run: RunRef,
  options: DetailsOptions = {},
): Promise<RunDetails | undefined> {
  const whole = await readWholeHistory(host, run);
  if (whole === undefined) return undefined;
  const { submission, archived } = whole;
  const details = await detailsOf(whole, host.payloads, options);
  const isQueued = options.at === undefined && details.startedAt === undefined;
  const now = isQueued
    ? {
        status: statusBeforeStart(submission, host.clock.now()),
        waitingFor: await waitsInQueue(host, run, submission.queue),
      }
    : {};
  const place = archived === undefined ? undefined : archivePlace(archived);
  return { ...details, ...now, archived: place };
}

/**
 * The same of what was read before, and of a run in a file: nothing but its history is asked.
 * @throws {@link InvalidOptionError}, {@link EventNotFoundError}
 */
export async function detailsOf(
  { submission, foreign, ...history }: RunHistory & { readonly submission: Submission },
  payloads: Payloads,
  { at }: DetailsOptions = {},
): Promise<RunDetails> {
  const address = typeof at === "string" ? parseEventAddress(at) : at;
  const { frames, lastEvent } = asOf(history.frames, address);
  const state = foldFrames(frames);
  const shown = new ShownPayloads(payloads);
  const known = (one: { readonly sequence: number }): boolean =>
    address === undefined || one.sequence <= lastEvent.sequence;
  return {
    ...(await submittedAs(submission, state, shown)),
    ...(state === undefined
      ? neverStarted(submission)
      : {
          ...(await progressOf(state, frames, shown)),
          ...periodsOf(state, frames, submission),
        }),
    ...(await endOf(state, shown)),
    archived: undefined,
    foreign: foreign.filter(known).map(({ sequence, reason }) => ({ sequence, reason })),
    frames,
    sequence: state?.sequence ?? 0,
    lastEvent,
  };
}

function asOf(frames: readonly RecordedFrame[], address: EventAddress | undefined) {
  if (address === undefined) {
    return { frames, lastEvent: placedEvents(frames).at(-1)?.place ?? BEFORE_ALL };
  }
  const { last: lastEvent } = resolveAddress(frames, address);
  return { frames: framesUpTo(frames, lastEvent), lastEvent };
}

async function submittedAs(
  submission: Submission,
  state: RunState | undefined,
  shown: ShownPayloads,
) {
  const { runId: id, queue, parent, metadata, input, origin } = submission;
  const { tags, attributes } = state?.annotations ?? NO_ANNOTATIONS;
  return {
    id,
    queue,
    tags: [...submission.tags, ...tags],
    parent: parent?.runId,
    origin: origin === undefined ? undefined : { runId: origin.runId, event: origin.event },
    metadata,
    attributes: { ...submission.attributes, ...attributes },
    input: await shown.value(input),
    inputBlob: input.blob,
    submittedAt: new Date(submission.submittedAt),
    startAt: dateOf(submission.startAt),
    deadlineAt: dateOf(submission.deadlineAt),
  };
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined || ms === 0 ? undefined : new Date(ms);
}

function neverStarted(submission: Submission) {
  const never = { startedAt: undefined, epoch: 0, worker: "", takeOvers: 0, version: "" };
  const nothing = { steps: [], timers: [], children: [], patches: [], exposed: {} };
  const unknown = { parked: undefined, progress: undefined, cancelReason: undefined };
  const from = new Date(dueAt(submission));
  const timeline: readonly TimelineEntry[] = [{ kind: "queued", from, to: undefined }];
  const periods = { commands: [], timeline, queueDelayMs: undefined, waits: [] };
  return {
    status: statusBeforeStart(submission, submission.submittedAt),
    waitingFor: [],
    ...never,
    ...nothing,
    ...unknown,
    ...periods,
  };
}

async function progressOf(state: RunState, frames: readonly RecordedFrame[], shown: ShownPayloads) {
  const { epoch, worker, takeOvers, parked, version, patches } = state;
  return {
    status: runStatus(state.status),
    startedAt: new Date(state.startedAt),
    epoch,
    worker,
    takeOvers,
    version,
    patches,
    steps: await stepDetails(state, shown),
    timers: timerDetails(state),
    waitingFor: waitsAtEnd(frames),
    cancelReason: state.cancelReason,
    progress: state.annotations.progress,
    exposed: await shown.values(state.annotations.exposed),
    parked,
  };
}

function periodsOf(state: RunState, frames: readonly RecordedFrame[], submission: Submission) {
  const periods = foldPeriods(frames);
  const due = dueAt(submission);
  // A run whose start is in the future is taken up before it, and suspends until then.
  const begun =
    submission.startAt === 0 || state.forkedFrom !== undefined
      ? takenUpAt(state, frames)
      : state.timers.get(START_TIMER)?.firedAt;
  const queued = { from: due, to: begun === undefined ? undefined : Math.max(due, begun) };
  return {
    children: childDetails(state, periods),
    commands: commandTree(state, periods),
    timeline: timelineOf(state, periods, queued),
    queueDelayMs: queued.to === undefined ? undefined : queued.to - due,
    waits: periods.waits.map(({ from, to, waits }) => ({
      from: new Date(from),
      to: dateOf(to),
      waitsFor: waits,
    })),
  };
}

/** When a worker first took the run up; of a fork, not when one took up what was copied. */
function takenUpAt(
  { startedAt, forkedFrom }: RunState,
  frames: readonly RecordedFrame[],
): number | undefined {
  if (forkedFrom === undefined) return startedAt;
  const events = frames.flatMap((frame) => frame.events);
  const own = events.slice(events.findLastIndex(({ type }) => type === "Forked"));
  return own.find(({ type }) => type === "Activated")?.at;
}

function dueAt({ submittedAt, startAt }: Submission): number {
  return Math.max(submittedAt, startAt);
}

function childDetails(state: RunState, periods: RunPeriods): readonly ChildDetails[] {
  return [...state.children.values()].map(({ id, runId, closed }) => {
    const { from = 0, to } = periods.children.get(id) ?? {};
    return { id, runId, closed, submittedAt: new Date(from), closedAt: dateOf(to) };
  });
}

async function endOf(state: RunState | undefined, shown: ShownPayloads) {
  const outcome = state?.outcome;
  return {
    closedAt: state?.closedAt === undefined ? undefined : new Date(state.closedAt),
    output: outcome?.status === "completed" ? await shown.value(outcome.output) : undefined,
    outputBlob: outcome?.status === "completed" ? outcome.output.blob : undefined,
    error: outcome?.status === "failed" ? await shown.error(outcome.error) : undefined,
  };
}

async function stepDetails(state: RunState, shown: ShownPayloads): Promise<StepDetails[]> {
  const steps: StepDetails[] = [];
  for (const { id, status, attempts } of state.steps.values()) {
    const output = attempts.at(-1)?.output;
    steps.push({
      id,
      status,
      output: output === undefined ? undefined : await shown.value(output),
      outputBlob: output?.blob,
      attempts: await Promise.all(attempts.map((attempt) => attemptDetails(attempt, shown))),
    });
  }
  return steps;
}

async function attemptDetails(
  { attempt, startedAt, endedAt, retryAt, error }: AttemptState,
  shown: ShownPayloads,
): Promise<AttemptDetails> {
  return {
    attempt,
    startedAt: new Date(startedAt),
    durationMs: endedAt === undefined ? undefined : Math.max(0, endedAt - startedAt),
    retryAt: retryAt === undefined ? undefined : new Date(retryAt),
    error: error === undefined ? undefined : await shown.error(error),
  };
}

function timerDetails(state: RunState): TimerDetails[] {
  return [...state.timers.values()].map(({ id, fireAt, firedAt }) => ({
    id,
    fireAt: new Date(fireAt),
    firedAt: firedAt === undefined ? undefined : new Date(firedAt),
  }));
}
