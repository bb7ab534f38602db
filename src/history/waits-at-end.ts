import { isActive, type RecordedFrame } from "../engine/frame.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { Wait } from "../engine/wait.ts";
import { readWait, waitText } from "../wire/wait-text.ts";

/**
 * What a run waits for when this is all that its history has, as people read it. When it is suspended the history says so
 * itself. While a worker holds it, it is what was begun and has not ended: attempts of steps, timers, children, and the signals
 * that it waited for when it was suspended last. A signal that is only waited for in a worker's memory is not among it.
 */
export function waitsAtEnd(frames: readonly RecordedFrame[]): readonly string[] {
  const last = frames.at(-1);
  if (last === undefined) return [];
  if (last.status === "suspended" || last.status === "scheduled") {
    const suspended = last.events.findLast((event) => event.type === "Suspended");
    return suspended?.type === "Suspended" ? suspended.waits : [];
  }
  if (!isActive(last.status) && last.status !== "released") return [];
  const open: Open = { steps: new Map(), timers: new Map(), children: new Map(), told: [] };
  for (const { events } of frames) for (const event of events) apply(open, event);
  return textsOf(open);
}

interface Open {
  readonly steps: Map<string, Extract<RunEvent, { type: "StepStarted" | "StepAttemptFailed" }>>;
  /** When they fire, by id: those of receives too. */
  readonly timers: Map<string, number>;
  /** The runs that children are, by id. */
  readonly children: Map<string, string>;
  /** What the last suspension said besides. */
  told: readonly (Wait & { readonly kind: "signal" | "run" })[];
}

function apply(open: Open, event: RunEvent): void {
  switch (event.type) {
    case "StepStarted":
    case "StepAttemptFailed":
      open.steps.set(event.step, event);
      return;
    case "StepCompleted":
    case "StepFailed":
      open.steps.delete(event.step);
      return;
    case "TimerSet":
      open.timers.set(event.timer, event.fireAt);
      return;
    case "TimerFired": {
      const fireAt = open.timers.get(event.timer);
      open.timers.delete(event.timer);
      open.told = open.told.filter(
        (wait) => wait.kind !== "signal" || !isTimerOf(event.timer, fireAt, wait),
      );
      return;
    }
    case "ChildSubmitted":
      open.children.set(event.child, event.runId);
      return;
    case "InputFolded":
      return fold(open, event);
    case "CancelRequested":
      // All that is awaited and not shielded is told of it.
      open.timers.clear();
      open.children.clear();
      open.told = [];
      return;
    case "Suspended":
      open.told = event.waits.flatMap((text) => {
        const wait = readWait(text);
        return wait?.kind === "signal" || wait?.kind === "run" ? [wait] : [];
      });
      return;
    default:
      return;
  }
}

function fold(open: Open, { kind, name }: Extract<RunEvent, { type: "InputFolded" }>): void {
  if (kind === "closed") {
    for (const [id, run] of open.children) if (run === name) open.children.delete(id);
    open.told = open.told.filter((wait) => wait.kind !== "run" || wait.run !== name);
  }
  if (kind !== "signal") return;
  const receive = [...open.timers.keys()].find((timer) => isReceiveOf(timer, name));
  const told = open.told.findIndex((wait) => wait.kind === "signal" && wait.signal === name);
  open.told = open.told.filter((_, at) => at !== told);
  if (receive !== undefined) open.timers.delete(receive);
}

/** The timer of a receive is named after its signal: `approval#1`, in another flow `pay#1/approval#1`. */
function isReceiveOf(timer: string, signal: string): boolean {
  const own = timer.split(/(?<=#\d+)\//).at(-1) ?? timer;
  return own.replace(/#\d+(?:!\d+)?$/, "") === signal;
}

function isTimerOf(
  timer: string,
  fireAt: number | undefined,
  { signal, until }: Extract<Wait, { readonly kind: "signal" }>,
): boolean {
  return until !== undefined && until === fireAt && isReceiveOf(timer, signal);
}

function textsOf({ steps, timers, children, told }: Open): readonly string[] {
  const begun = [...steps.values()].map((event) =>
    event.type === "StepStarted"
      ? `step ${event.step} (attempt ${event.attempt}, since ${new Date(event.at).toISOString()})`
      : waitText({ kind: "retry", step: event.step, at: event.retryAt }),
  );
  const signals = told.filter((wait) => wait.kind === "signal");
  const isTold = (timer: string, fireAt: number): boolean =>
    signals.some((wait) => isTimerOf(timer, fireAt, wait));
  const timed = [...timers].flatMap(([timer, until]) =>
    isTold(timer, until) ? [] : [waitText({ kind: "timer", timer, until })],
  );
  const runs = new Set([
    ...children.values(),
    ...told.flatMap((wait) => (wait.kind === "run" ? [wait.run] : [])),
  ]);
  return [
    ...begun,
    ...timed,
    ...signals.map(waitText),
    ...[...runs].map((run) => waitText({ kind: "run", run })),
  ];
}
