import { type FrameStatus, isActive, isClosed, type RecordedFrame } from "./frame.ts";
import type { Payload } from "./payload.ts";
import type { RunEvent } from "./run-event.ts";

/** What the whole history tells of a run: a pure fold of its frames. */
export interface RunState {
  readonly status: FrameStatus;
  readonly epoch: number;
  readonly sequence: number;
  readonly worker: string;
  readonly queue: string;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly closedAt: number | undefined;
  /** Take-overs since the run last made progress (a step or timer ended), or was resumed by hand. */
  readonly crashes: number;
  /** Activations in all, by reason. */
  readonly takeOvers: number;
  readonly steps: ReadonlyMap<string, StepState>;
  readonly timers: ReadonlyMap<string, TimerState>;
  readonly parked: ParkedState | undefined;
  readonly outcome: RunOutcome | undefined;
}

export type RunOutcome =
  | { readonly status: "completed"; readonly output: Payload }
  | { readonly status: "failed"; readonly error: Payload; readonly step: string }
  | { readonly status: "crashed"; readonly crashes: number }
  | { readonly status: "cancelled"; readonly reason: string };

export interface StepState {
  readonly id: string;
  readonly status: "running" | "awaiting-retry" | "completed" | "failed";
  readonly attempts: readonly AttemptState[];
}

export interface AttemptState {
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly retryAt: number | undefined;
  readonly error: Payload | undefined;
  readonly output: Payload | undefined;
}

export interface TimerState {
  readonly id: string;
  readonly fireAt: number;
  readonly firedAt: number | undefined;
}

export type ParkedState = Omit<Extract<RunEvent, { type: "Parked" }>, "type">;

/** Folds frames in order onto what earlier ones gave; nothing for no frames. */
export function foldFrames(
  frames: Iterable<RecordedFrame>,
  earlier?: RunState,
): RunState | undefined {
  const draft = draftOf(earlier);
  let last: RecordedFrame | undefined;
  for (const frame of frames) {
    if (last === undefined && earlier === undefined) draft.startedAt = frame.events[0]?.at ?? 0;
    if (frame.status !== "parked") draft.parked = undefined;
    draft.outcome = undefined;
    for (const event of frame.events) {
      draft.updatedAt = Math.max(draft.updatedAt, event.at);
      applyEvent(draft, event);
    }
    last = frame;
  }
  if (last === undefined) return earlier;
  return {
    ...draft,
    status: last.status,
    epoch: last.epoch,
    sequence: last.sequence,
    worker: isActive(last.status) ? last.writer : "",
    queue: last.queue,
    closedAt: isClosed(last.status) ? draft.updatedAt : undefined,
  };
}

/** How a frame ended its run, if it did. Readable from the last frame alone. */
export function outcomeOf(events: readonly RunEvent[]): RunOutcome | undefined {
  const last = events.at(-1);
  if (last?.type === "Completed") return { status: "completed", output: last.output };
  if (last?.type === "Failed") return { status: "failed", error: last.error, step: last.step };
  if (last?.type === "Crashed") return { status: "crashed", crashes: last.crashes };
  if (last?.type === "Cancelled") return { status: "cancelled", reason: last.reason };
  return undefined;
}

function draftOf(state: RunState | undefined): Draft {
  if (state !== undefined) {
    return { ...state, steps: new Map(state.steps), timers: new Map(state.timers) };
  }
  const times = { startedAt: 0, updatedAt: 0 };
  const counts = { crashes: 0, takeOvers: 0 };
  const parts = { steps: new Map(), timers: new Map(), parked: undefined, outcome: undefined };
  return { ...times, ...counts, ...parts };
}

interface Draft {
  startedAt: number;
  updatedAt: number;
  crashes: number;
  takeOvers: number;
  steps: Map<string, StepState>;
  timers: Map<string, TimerState>;
  parked: ParkedState | undefined;
  outcome: RunOutcome | undefined;
}

function applyEvent(draft: Draft, event: RunEvent): void {
  switch (event.type) {
    case "Activated":
      if (event.reason !== "takeover") return;
      draft.crashes++;
      draft.takeOvers++;
      return;
    case "Resumed":
      draft.crashes = 0;
      return;
    case "StepStarted":
    case "StepAttemptFailed":
    case "StepCompleted":
    case "StepFailed":
      applyStep(draft, event);
      return;
    case "TimerSet":
      draft.timers.set(event.timer, { id: event.timer, fireAt: event.fireAt, firedAt: undefined });
      return;
    case "TimerFired": {
      draft.crashes = 0;
      const timer = draft.timers.get(event.timer);
      draft.timers.set(event.timer, {
        id: event.timer,
        fireAt: timer?.fireAt ?? event.at,
        firedAt: event.at,
      });
      return;
    }
    case "Parked": {
      const { type: _, ...parked } = event;
      draft.parked = parked;
      return;
    }
    case "Completed":
    case "Failed":
    case "Crashed":
    case "Cancelled":
      draft.outcome = outcomeOf([event]);
      return;
    case "Released":
    case "InputFolded":
    case "Unknown":
      return;
  }
}

type StepEvent = Extract<RunEvent, { readonly step: string; readonly attempt: number }>;

function applyStep(draft: Draft, event: StepEvent): void {
  if (event.type === "StepCompleted" || event.type === "StepFailed") draft.crashes = 0;
  const before = draft.steps.get(event.step)?.attempts ?? [];
  const attempts = before.filter((attempt) => attempt.endedAt !== undefined);
  attempts.push({
    attempt: event.attempt,
    startedAt: event.type === "StepStarted" ? event.at : event.startedAt,
    endedAt: event.type === "StepStarted" ? undefined : event.at,
    retryAt: event.type === "StepAttemptFailed" ? event.retryAt : undefined,
    error: "error" in event ? event.error : undefined,
    output: "output" in event ? event.output : undefined,
  });
  draft.steps.set(event.step, { id: event.step, status: STEP_STATUS[event.type], attempts });
}

const STEP_STATUS = {
  StepStarted: "running",
  StepAttemptFailed: "awaiting-retry",
  StepCompleted: "completed",
  StepFailed: "failed",
} as const;
