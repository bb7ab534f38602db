import type { Progress } from "../engine/annotations.ts";
import type { Attributes } from "../engine/attributes.ts";
import type { RecordedFrame } from "../engine/frame.ts";
import type { RunId, RunRef } from "../engine/run-id.ts";
import {
  type AttemptState,
  foldFrames,
  type ParkedState,
  type RunState,
} from "../engine/run-state.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../engine/run-status.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { readHistory } from "../history/run-history.ts";
import type { ClientHost } from "./client-host.ts";
import { waitsInQueue } from "./queue-waits.ts";
import { ShownPayloads } from "./shown-payloads.ts";

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
  readonly steps: readonly StepDetails[];
  readonly timers: readonly TimerDetails[];
  /** Runs that its flow submitted, in order. */
  readonly children: readonly ChildDetails[];
  /** The run that submitted it from its flow, if one did. */
  readonly parent: string | undefined;
  /** What a suspended or pending run waits for. */
  readonly waitingFor: readonly string[];
  /** Why it is to stop, if somebody asked for that. */
  readonly cancelReason: string | undefined;
  readonly progress: Progress | undefined;
  /** The values that its flow exposes, by name. */
  readonly exposed: Readonly<Record<string, unknown>>;
  readonly parked: ParkedState | undefined;
  readonly output: unknown;
  readonly error: Error | undefined;
  /** Messages on the history's subject that no worker wrote; they are passed over. */
  readonly foreign: readonly { readonly sequence: number; readonly reason: string }[];
  readonly frames: readonly RecordedFrame[];
}

export interface StepDetails {
  readonly id: string;
  readonly status: "running" | "awaiting-retry" | "completed" | "failed";
  readonly attempts: readonly AttemptDetails[];
  readonly output: unknown;
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
}

export interface TimerDetails {
  readonly id: string;
  readonly fireAt: Date;
  readonly firedAt: Date | undefined;
}

export async function readDetails(host: ClientHost, run: RunRef): Promise<RunDetails | undefined> {
  const { log } = host.broker;
  const head = await readHead(log, run);
  const [submission, { frames, foreign }] = await Promise.all([
    readSubmission(host.broker.log, run, head.frame?.queue),
    readHistory(log, run, head.last),
  ]);
  if (submission === undefined) return undefined;
  const state = foldFrames(frames);
  const shown = new ShownPayloads(host.payloads);
  return {
    id: run.id,
    queue: submission.queue,
    tags: [...submission.tags, ...(state?.annotations.tags ?? [])],
    parent: submission.parent?.runId,
    metadata: submission.metadata,
    attributes: { ...submission.attributes, ...state?.annotations.attributes },
    input: await shown.value(submission.input),
    submittedAt: new Date(submission.submittedAt),
    startAt: dateOf(submission.startAt),
    deadlineAt: dateOf(submission.deadlineAt),
    ...(state === undefined
      ? neverStarted(statusBeforeStart(submission, host.clock.now()))
      : await progressOf(state, shown)),
    ...(state === undefined ? { waitingFor: await waitsInQueue(host, run, submission.queue) } : {}),
    ...(await endOf(state, shown)),
    foreign,
    frames,
  };
}

function dateOf(ms: number): Date | undefined {
  return ms === 0 ? undefined : new Date(ms);
}

function neverStarted(status: RunStatus) {
  const never = { startedAt: undefined, epoch: 0, worker: "", takeOvers: 0, version: "" };
  const nothing = { steps: [], timers: [], children: [], patches: [], waitingFor: [], exposed: {} };
  const unknown = { parked: undefined, progress: undefined, cancelReason: undefined };
  return { status, ...never, ...nothing, ...unknown };
}

async function progressOf(state: RunState, shown: ShownPayloads) {
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
    children: [...state.children.values()].map(({ id, runId, closed }) => ({ id, runId, closed })),
    waitingFor: state.suspended?.waits ?? [],
    cancelReason: state.cancelReason,
    progress: state.annotations.progress,
    exposed: await shown.values(state.annotations.exposed),
    parked,
  };
}

async function endOf(state: RunState | undefined, shown: ShownPayloads) {
  const outcome = state?.outcome;
  return {
    closedAt: state?.closedAt === undefined ? undefined : new Date(state.closedAt),
    output: outcome?.status === "completed" ? await shown.value(outcome.output) : undefined,
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
