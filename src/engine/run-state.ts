import { type Annotations, NO_ANNOTATIONS } from "./annotations.ts";
import { type FrameStatus, isActive, isClosed, type RecordedFrame } from "./frame.ts";
import type { Payload } from "./payload.ts";
import type { ParentClosePolicy, RunEvent } from "./run-event.ts";
import { outcomeOf, type RunOutcome } from "./run-outcome.ts";

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
  /** The flow's own version in the last activation; empty for none. */
  readonly version: string;
  /** The changes of its code that it has gone by with the new code, in order. */
  readonly patches: readonly string[];
  readonly steps: ReadonlyMap<string, StepState>;
  readonly timers: ReadonlyMap<string, TimerState>;
  /** Runs that it submitted, by the command's id. */
  readonly children: ReadonlyMap<string, ChildState>;
  readonly annotations: Annotations;
  /** Why it is to stop, if somebody asked for that. */
  readonly cancelReason: string | undefined;
  /** What a suspended run waits for. */
  readonly suspended: SuspendedState | undefined;
  readonly parked: ParkedState | undefined;
  readonly outcome: RunOutcome | undefined;
  /** The run whose history this one begins with, if it is a fork. */
  readonly forkedFrom: string | undefined;
}

export interface ChildState {
  readonly id: string;
  readonly runId: string;
  readonly queue: string;
  readonly onParentClose: ParentClosePolicy;
  /** True when the history has folded its outcome. */
  readonly closed: boolean;
}

export interface SuspendedState {
  /** When the broker wakes it, in milliseconds since 1970; 0 for never. */
  readonly wakeAt: number;
  readonly waits: readonly string[];
}

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
    draft.suspended = undefined;
    draft.outcome = undefined;
    for (const event of frame.events) {
      draft.updatedAt = Math.max(draft.updatedAt, event.at);
      draft.crashes = crashesAfter(event, draft.crashes);
      applyEvent(draft, event);
    }
    // A frame may hold what several did before: what went on since is not so any more.
    if (frame.status !== "parked") draft.parked = undefined;
    if (frame.status !== "suspended" && frame.status !== "scheduled") draft.suspended = undefined;
    if (!isClosed(frame.status)) draft.outcome = undefined;
    last = frame;
  }
  if (last === undefined) return earlier;
  const { childrenOf: _, ...folded } = draft;
  return {
    ...folded,
    status: last.status,
    epoch: last.epoch,
    sequence: last.sequence,
    worker: isActive(last.status) ? last.writer : "",
    queue: last.queue,
    closedAt: isClosed(last.status) ? draft.updatedAt : undefined,
  };
}

/**
 * What is held against a run's crash budget once this event has followed: take-overs since it last made progress (a step or
 * timer ended, an input was taken) or was resumed by hand (I8).
 */
export function crashesAfter(event: RunEvent, before: number): number {
  if (event.type === "Activated") return event.reason === "takeover" ? before + 1 : before;
  if (event.type === "Archived") return event.crashes;
  return PROGRESS.has(event.type) ? 0 : before;
}

const PROGRESS: ReadonlySet<RunEvent["type"]> = new Set([
  "StepCompleted",
  "StepFailed",
  "TimerFired",
  "InputFolded",
  "Resumed",
  "Forked",
]);

function draftOf(state: RunState | undefined): Draft {
  if (state !== undefined) {
    const { steps, timers, children } = state;
    return {
      ...state,
      steps: new Map(steps),
      timers: new Map(timers),
      children: new Map(children),
      childrenOf: childrenByRun(children.values()),
    };
  }
  const times = { startedAt: 0, updatedAt: 0 };
  const counts = { crashes: 0, takeOvers: 0 };
  const parts = {
    steps: new Map(),
    timers: new Map(),
    children: new Map(),
    childrenOf: new Map(),
  };
  const ends = { cancelReason: undefined, suspended: undefined, parked: undefined };
  return {
    ...times,
    ...counts,
    ...parts,
    ...ends,
    version: "",
    patches: [],
    annotations: NO_ANNOTATIONS,
    outcome: undefined,
    forkedFrom: undefined,
  };
}

interface Draft {
  startedAt: number;
  updatedAt: number;
  crashes: number;
  takeOvers: number;
  version: string;
  patches: readonly string[];
  steps: Map<string, StepState>;
  timers: Map<string, TimerState>;
  children: Map<string, ChildState>;
  /** The ids of the children that are a run, by its id: mostly one. A run may have thousands of children. */
  childrenOf: Map<string, string[]>;
  annotations: Annotations;
  cancelReason: string | undefined;
  suspended: SuspendedState | undefined;
  parked: ParkedState | undefined;
  outcome: RunOutcome | undefined;
  forkedFrom: string | undefined;
}

function applyEvent(draft: Draft, event: RunEvent): void {
  switch (event.type) {
    case "Activated":
      if (event.reason === "takeover") draft.takeOvers++;
      draft.version = event.version;
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
      const timer = draft.timers.get(event.timer);
      draft.timers.set(event.timer, {
        id: event.timer,
        fireAt: timer?.fireAt ?? event.at,
        firedAt: event.at,
      });
      return;
    }
    case "Suspended":
      draft.suspended = { wakeAt: event.wakeAt, waits: event.waits };
      return;
    case "InputFolded":
      if (event.kind === "closed") closeChild(draft, event.name);
      return;
    case "CancelRequested":
      draft.cancelReason ??= event.reason;
      return;
    case "ChildSubmitted": {
      const { child: id, runId, queue, onParentClose } = event;
      draft.children.set(id, { id, runId, queue, onParentClose, closed: false });
      noteChild(draft.childrenOf, runId, id);
      return;
    }
    case "Annotated": {
      const { progress, tags, attributes, exposed } = event;
      draft.annotations = { progress, tags, attributes, exposed };
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
    case "Patched":
      draft.patches = [...draft.patches, event.patch];
      return;
    case "Archived":
      // What the frames said that are gone.
      draft.startedAt = event.runStartedAt;
      draft.takeOvers = event.takeOvers;
      draft.version = event.version;
      draft.cancelReason = event.cancelReason === "" ? undefined : event.cancelReason;
      return;
    case "Forked":
      // What was copied is the past of another run: this one began here.
      draft.startedAt = event.at;
      draft.forkedFrom = event.origin;
      return;
    case "Released":
    case "Resumed":
    case "Unknown":
      return;
  }
}

function childrenByRun(children: Iterable<ChildState>): Map<string, string[]> {
  const byRun = new Map<string, string[]>();
  for (const { id, runId } of children) noteChild(byRun, runId, id);
  return byRun;
}

function noteChild(byRun: Map<string, string[]>, runId: string, id: string): void {
  const ids = byRun.get(runId);
  if (ids === undefined) byRun.set(runId, [id]);
  else ids.push(id);
}

function closeChild({ children, childrenOf }: Draft, runId: string): void {
  for (const id of childrenOf.get(runId) ?? []) {
    const child = children.get(id);
    if (child !== undefined) children.set(id, { ...child, closed: true });
  }
}

type StepEvent = Extract<RunEvent, { readonly step: string; readonly attempt: number }>;

function applyStep(draft: Draft, event: StepEvent): void {
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
