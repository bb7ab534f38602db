import type { EventPlace } from "../engine/event-address.ts";
import type { PlainInput } from "../engine/input.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { parseRunId, type RunId } from "../engine/run-id.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import { childKey } from "../history/own-child.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { placedEvents } from "../history/resolve-address.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { payloadValue } from "./payload-value.ts";

/**
 * Something of a run's history that its flow asked for or was told, without what is the worker's or the moment's: no times, no
 * attempts, no names of workers. Two runs that have the same facts did the same.
 */
export interface Fact {
  /** What it is about, the same in every run of the flow: `charge#1`, `signal approval`; from the second one on with a number. */
  readonly key: string;
  /** What happened, in words: `step charge#1 completed`. */
  readonly text: string;
  readonly place: EventPlace;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What it says, as one value: facts of one key are the same when this is. */
  readonly says: Readonly<Record<string, unknown>>;
}

/** The facts of a run, in the order in which its flow saw them. */
export function factsOf(run: RecordedRun): readonly Fact[] {
  const context = contextOf(run);
  const used = new Map<string, number>();
  const facts: Fact[] = [];
  for (const { event, place } of placedEvents(run.frames)) {
    const told = tell(event, context);
    if (told === undefined) continue;
    const n = (used.get(told.key) ?? 0) + 1;
    used.set(told.key, n);
    const key = n === 1 ? told.key : `${told.key} (${n})`;
    facts.push({ ...told, key, place, at: event.at });
  }
  return facts;
}

type Told = Pick<Fact, "key" | "text" | "says">;

/** What is known of the run beside its events. */
interface FactContext {
  /** The commands that submitted a run, by its id. */
  readonly children: Map<string, string>;
  /** The ids of which keys of its children may be made: a run's own, and that of the run it was forked from. */
  readonly parents: readonly string[];
  readonly inputAt: (sequence: number) => PlainInput | undefined;
}

function contextOf({ submission, inbox, frames }: RecordedRun): FactContext {
  const inputs = new Map<number, PlainInput>();
  for (const { sequence, data } of inbox) {
    const decoded = decodeInput(data);
    if (decoded.kind === "ok" && decoded.value.body.type !== "Wake") {
      inputs.set(sequence, decoded.value.body);
    }
  }
  const origins = frames.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === "Forked" ? [event.origin] : [])),
  );
  return {
    children: new Map(),
    parents: [submission.runId, ...origins],
    inputAt: (sequence) => inputs.get(sequence),
  };
}

function tell(event: RunEvent, context: FactContext): Told | undefined {
  switch (event.type) {
    case "StepCompleted":
      return {
        key: event.step,
        text: `step ${event.step} completed`,
        says: { status: "completed", output: payloadValue(event.output) },
      };
    case "StepFailed":
      return {
        key: event.step,
        text: `step ${event.step} failed`,
        says: { status: "failed", error: payloadValue(event.error) },
      };
    case "TimerSet":
      return { key: `timer ${event.timer}`, text: `timer ${event.timer} set`, says: {} };
    case "TimerFired":
      return { key: `end of timer ${event.timer}`, text: `timer ${event.timer} fired`, says: {} };
    case "ChildSubmitted":
      return childTold(event, context);
    case "InputFolded":
      return inputTold(event, context);
    case "CancelRequested": {
      const { reason, by } = event;
      return { key: "request to cancel", text: "cancellation requested", says: { reason, by } };
    }
    case "Patched":
      return { key: `patch ${event.patch}`, text: `patch ${event.patch} passed`, says: {} };
    case "Parked": {
      const { reason, step, expected, asked } = event;
      return { key: "parked", text: `parked: ${reason}`, says: { reason, step, expected, asked } };
    }
    case "Resumed":
      return { key: "resumed", text: "resumed by hand", says: { retry: event.retry } };
    case "Completed":
      return endTold({ status: "completed", output: event.output });
    case "Failed":
      return endTold({ status: "failed", error: event.error, step: event.step });
    case "Crashed":
      return endTold({ status: "crashed", crashes: event.crashes });
    case "Cancelled":
      return endTold({ status: "cancelled", reason: event.reason });
    case "Unknown":
      return { key: "unknown event", text: "an event of a newer Millrace", says: {} };
    case "Activated":
    case "Released":
    case "Suspended":
    case "StepStarted":
    case "StepAttemptFailed":
    case "Annotated":
    case "Archived":
    case "Forked":
      return undefined;
  }
}

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;

function childTold(event: EventOf<"ChildSubmitted">, context: FactContext): Told {
  const { child, runId, queue, onParentClose } = event;
  context.children.set(runId, child);
  const { flow, key } = parseRunId(runId);
  // A key that is made of the parent's id and the command says nothing more than these two.
  const isOwn = context.parents.some((parent) => key === childKey(parent as RunId, child));
  return {
    key: `child ${child}`,
    text: `child ${child} submitted: ${runId}`,
    says: { flow, ...(isOwn ? {} : { key }), queue, onParentClose },
  };
}

function inputTold(event: EventOf<"InputFolded">, context: FactContext): Told | undefined {
  const { kind, name } = event;
  if (kind !== "signal" && kind !== "closed") return undefined;
  const input = context.inputAt(event.sequence);
  if (kind === "signal") {
    const value = input?.type === "Signal" ? payloadValue(input.payload) : GONE;
    return { key: `signal ${name}`, text: `signal ${name} came`, says: { value } };
  }
  const command = context.children.get(name);
  const what = command === undefined ? `run ${name}` : `child ${command}`;
  const says = input?.type === "RunClosed" ? outcomeSaid(input.outcome) : { outcome: GONE };
  return { key: `end of ${what}`, text: `${what} ended`, says };
}

const GONE = "<gone from the inbox>";

function endTold(outcome: RunOutcome): Told {
  return { key: "end", text: `the run ${ENDS[outcome.status]}`, says: outcomeSaid(outcome) };
}

const ENDS = {
  completed: "completed",
  failed: "failed",
  crashed: "crashed",
  cancelled: "was cancelled",
} as const;

function outcomeSaid(outcome: RunOutcome): Readonly<Record<string, unknown>> {
  if (outcome.status === "completed") return { ...outcome, output: payloadValue(outcome.output) };
  if (outcome.status === "failed") return { ...outcome, error: payloadValue(outcome.error) };
  return { ...outcome };
}
