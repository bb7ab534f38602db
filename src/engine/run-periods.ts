import type { RecordedFrame } from "./frame.ts";
import type { ActivationReason, RunEvent } from "./run-event.ts";

/** When what of a run was going on: a pure fold of its frames, beside the state that it is in. Times in milliseconds since 1970. */
export interface RunPeriods {
  readonly activations: readonly ActivationPeriod[];
  /** While nobody held it because it only waited. */
  readonly waits: readonly WaitPeriod[];
  /** From the order to the moment at which it fires, by the command's id. */
  readonly timers: ReadonlyMap<string, Period>;
  /** From the submission of a child until this run learnt of its end, by the command's id. */
  readonly children: ReadonlyMap<string, Period>;
}

export interface Period {
  readonly from: number;
  /** Nothing while it goes on. */
  readonly to: number | undefined;
}

export interface ActivationPeriod extends Period {
  readonly epoch: number;
  readonly worker: string;
  readonly reason: ActivationReason;
  /** `lost`: the next worker took it over, at `to`. Nothing while it goes on. */
  readonly end: "suspended" | "released" | "parked" | "closed" | "lost" | undefined;
}

export interface WaitPeriod extends Period {
  /** What for, as people read it. */
  readonly waits: readonly string[];
  /** When the broker was to wake it; 0 for never. */
  readonly wakeAt: number;
}

/** Folds the frames of a run, from the first on. */
export function foldPeriods(frames: Iterable<RecordedFrame>): RunPeriods {
  const draft: Draft = {
    activations: [],
    waits: [],
    timers: new Map(),
    children: new Map(),
    openChildren: new Map(),
    lastAt: 0,
  };
  for (const { events } of frames) {
    for (const event of events) {
      apply(draft, event);
      draft.lastAt = event.at;
    }
  }
  const { openChildren: _, lastAt: __, ...periods } = draft;
  return periods;
}

interface Draft {
  readonly activations: ActivationPeriod[];
  readonly waits: WaitPeriod[];
  readonly timers: Map<string, Period>;
  readonly children: Map<string, Period>;
  /** Commands whose child is not known to have ended, by its run's id. */
  readonly openChildren: Map<string, string[]>;
  /** Time of the event before. */
  lastAt: number;
}

function apply(draft: Draft, event: RunEvent): void {
  switch (event.type) {
    case "Activated": {
      endActivation(draft, event.at, "lost");
      endWait(draft, event.at);
      const { at: from, epoch, worker, reason } = event;
      draft.activations.push({ from, to: undefined, epoch, worker, reason, end: undefined });
      return;
    }
    case "Suspended": {
      endActivation(draft, event.at, "suspended");
      const { at: from, waits, wakeAt } = event;
      draft.waits.push({ from, to: undefined, waits, wakeAt });
      return;
    }
    case "Released":
      return endActivation(draft, event.at, "released");
    case "Forked":
      // Nobody held it or waited between what was copied and the fork.
      endWait(draft, draft.lastAt);
      return endActivation(draft, draft.lastAt, "released");
    case "Parked":
      return endActivation(draft, event.at, "parked");
    case "Completed":
    case "Failed":
    case "Crashed":
    case "Cancelled":
      endWait(draft, event.at);
      return endActivation(draft, event.at, "closed");
    case "TimerSet":
      draft.timers.set(event.timer, { from: event.at, to: undefined });
      return;
    case "TimerFired": {
      const from = draft.timers.get(event.timer)?.from ?? event.at;
      draft.timers.set(event.timer, { from, to: event.at });
      return;
    }
    case "ChildSubmitted":
      draft.children.set(event.child, { from: event.at, to: undefined });
      noteOpen(draft.openChildren, event.runId, event.child);
      return;
    case "InputFolded":
      if (event.kind === "closed") endChild(draft, event.name, event.at);
      return;
    case "StepStarted":
    case "StepAttemptFailed":
    case "StepCompleted":
    case "StepFailed":
    case "CancelRequested":
    case "Annotated":
    case "Patched":
    case "Resumed":
    case "Archived":
    case "Unknown":
      return;
  }
}

function endActivation(
  { activations }: Draft,
  to: number,
  end: NonNullable<ActivationPeriod["end"]>,
): void {
  const last = activations.at(-1);
  if (last === undefined || last.end !== undefined) return;
  activations[activations.length - 1] = { ...last, to, end };
}

function endWait({ waits }: Draft, to: number): void {
  const last = waits.at(-1);
  if (last !== undefined && last.to === undefined) waits[waits.length - 1] = { ...last, to };
}

function noteOpen(open: Map<string, string[]>, runId: string, command: string): void {
  const commands = open.get(runId);
  if (commands === undefined) open.set(runId, [command]);
  else commands.push(command);
}

function endChild({ openChildren, children }: Draft, runId: string, to: number): void {
  for (const command of openChildren.get(runId) ?? []) {
    const period = children.get(command);
    if (period !== undefined) children.set(command, { ...period, to });
  }
  openChildren.delete(runId);
}
