import type { Progress } from "../engine/annotations.ts";
import type { RecordedFrame } from "../engine/frame.ts";
import type { Payload } from "../engine/payload.ts";
import type { RunId, RunRef } from "../engine/run-id.ts";
import { foldFrames, type ParkedState, type RunState } from "../engine/run-state.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { readHistory } from "../history/run-history.ts";
import { decodeError } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { type RunStatus, runStatus } from "./run-status.ts";

/** All that is recorded of a run, with its payloads decoded. */
export interface RunDetails {
  readonly id: RunId;
  readonly status: RunStatus;
  readonly queue: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly input: unknown;
  readonly submittedAt: Date;
  readonly startedAt: Date | undefined;
  readonly closedAt: Date | undefined;
  /** Activations so far. */
  readonly epoch: number;
  /** The worker that holds it, or empty. */
  readonly worker: string;
  /** How often a worker died on it, all told. */
  readonly takeOvers: number;
  readonly steps: readonly StepDetails[];
  readonly timers: readonly TimerDetails[];
  /** Runs that its flow submitted, in order. */
  readonly children: readonly ChildDetails[];
  /** The run that submitted it from its flow, if one did. */
  readonly parent: string | undefined;
  /** What a suspended run waits for. */
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
  return {
    id: run.id,
    queue: submission.queue,
    tags: [...submission.tags, ...(state?.annotations.tags ?? [])],
    parent: submission.parent?.runId,
    metadata: submission.metadata,
    input: readable(submission.input),
    submittedAt: new Date(submission.submittedAt),
    ...progressOf(state),
    ...endOf(state),
    foreign,
    frames,
  };
}

function progressOf(state: RunState | undefined) {
  if (state === undefined) {
    const never = { startedAt: undefined, epoch: 0, worker: "", takeOvers: 0 };
    const nothing = { steps: [], timers: [], children: [], waitingFor: [], exposed: {} };
    const unknown = { parked: undefined, progress: undefined, cancelReason: undefined };
    return { status: "pending" as const, ...never, ...nothing, ...unknown };
  }
  const { epoch, worker, takeOvers, parked } = state;
  return {
    status: runStatus(state.status),
    startedAt: new Date(state.startedAt),
    epoch,
    worker,
    takeOvers,
    steps: stepDetails(state),
    timers: timerDetails(state),
    children: [...state.children.values()].map(({ id, runId, closed }) => ({ id, runId, closed })),
    waitingFor: state.suspended?.waits ?? [],
    cancelReason: state.cancelReason,
    progress: state.annotations.progress,
    exposed: exposedValues(state),
    parked,
  };
}

function exposedValues({ annotations }: RunState): Readonly<Record<string, unknown>> {
  const values = Object.entries(annotations.exposed).map(([name, value]) => [
    name,
    readable(value),
  ]);
  return Object.fromEntries(values);
}

function endOf(state: RunState | undefined) {
  const outcome = state?.outcome;
  return {
    closedAt: state?.closedAt === undefined ? undefined : new Date(state.closedAt),
    output: outcome?.status === "completed" ? readable(outcome.output) : undefined,
    error: outcome?.status === "failed" ? decodeError(outcome.error) : undefined,
  };
}

function stepDetails(state: RunState): StepDetails[] {
  return [...state.steps.values()].map(({ id, status, attempts }) => ({
    id,
    status,
    output: readable(attempts.at(-1)?.output),
    attempts: attempts.map(({ attempt, startedAt, endedAt, retryAt, error }) => ({
      attempt,
      startedAt: new Date(startedAt),
      durationMs: endedAt === undefined ? undefined : Math.max(0, endedAt - startedAt),
      retryAt: retryAt === undefined ? undefined : new Date(retryAt),
      error: error === undefined ? undefined : decodeError(error),
    })),
  }));
}

function timerDetails(state: RunState): TimerDetails[] {
  return [...state.timers.values()].map(({ id, fireAt, firedAt }) => ({
    id,
    fireAt: new Date(fireAt),
    firedAt: firedAt === undefined ? undefined : new Date(firedAt),
  }));
}

/** For showing: a payload that cannot be read says so in its place. */
function readable(payload: Payload | undefined): unknown {
  if (payload === undefined) return undefined;
  try {
    return decodeValue(payload);
  } catch (error) {
    return `[unreadable: ${String(error)}]`;
  }
}
