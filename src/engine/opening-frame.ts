import { annotatedAt, type Frame, isActive, isResumable, type RecordedFrame } from "./frame.ts";
import type { ActivationReason, RunEvent, RunEventBody } from "./run-event.ts";

/**
 * The frame by which a worker takes a run up: its write is the fence. It closes the run when its crash budget is spent,
 * without its code being run again, and parks it when the worker does not know its flow, or when a part of its history is
 * gone. Crashes are counted from the history (I8).
 */
export function openingFrame(found: FoundRun, by: TakeUp): Omit<Frame, "prev"> {
  const { head } = found;
  const epoch = (head?.epoch ?? 0) + 1;
  const reason = reasonFor(head, by.resume);
  const events: RunEvent[] = [];
  const add = (body: RunEventBody): number => events.push({ ...body, at: by.at });
  const { worker, token, version } = by;
  add({ type: "Activated", epoch, worker, token, reason, version });
  if (reason === "resumed") add({ type: "Resumed", retry: failedStep(found.events) });
  const crashes = reason === "takeover" ? found.crashes + 1 : 0;
  let status: Frame["status"] = found.events.some(isCancelRequest) ? "cancelling" : "running";
  const end = endAtOnce(found, by, crashes);
  if (end !== undefined) {
    add(end);
    status = end.type === "Crashed" ? "crashed" : "parked";
  }
  const { inboxFolded } = found;
  const queue = head?.queue ?? by.queue;
  const annotated = head === undefined ? 0 : annotatedAt(head);
  return { epoch, writer: worker, status, inboxFolded, token, queue, annotated, events };
}

/** Why a run must not go on that is taken up. */
function endAtOnce(
  { head, endsAt }: FoundRun,
  by: TakeUp,
  crashes: number,
): Extract<RunEventBody, { readonly type: "Parked" | "Crashed" }> | undefined {
  if (by.crashLimit === undefined) {
    const expected = `flow ${by.flow}`;
    const asked = `nothing: worker ${by.worker} serves no such flow`;
    return { type: "Parked", reason: "unknown-flow", expected, asked, step: "" };
  }
  const upTo = head?.sequence ?? 0;
  if (endsAt !== upTo) {
    // What is not known to be done would be done again (I3).
    const expected = `all frames up to ${upTo}`;
    const asked = `those up to ${endsAt}: what follows is gone, or cannot be read`;
    return { type: "Parked", reason: "damaged-history", expected, asked, step: "" };
  }
  return crashes > by.crashLimit ? { type: "Crashed", crashes } : undefined;
}

function isCancelRequest({ type }: RunEvent): boolean {
  return type === "CancelRequested";
}

/** What was read of a run that is to be taken up. */
export interface FoundRun {
  readonly head: RecordedFrame | undefined;
  readonly events: readonly RunEvent[];
  /** Sequence of the last frame that they were read from, 0 for none: the head's, unless something before it is gone. */
  readonly endsAt: number;
  /** Take-overs since the run last made progress, or was resumed by hand. */
  readonly crashes: number;
  /** The last inbox sequence that is folded by taking the run up. */
  readonly inboxFolded: number;
}

/** Who takes it up, by which message. */
export interface TakeUp {
  readonly worker: string;
  readonly flow: string;
  readonly queue: string;
  readonly token: number;
  /** True when the message asks to continue a parked, failed or crashed run. */
  readonly resume: boolean;
  /** Nothing when the worker does not know the flow. */
  readonly crashLimit: number | undefined;
  /** The flow's own version, or empty. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

function reasonFor(head: Frame | undefined, resume: boolean): ActivationReason {
  if (head === undefined) return "submitted";
  if (isActive(head.status)) return "takeover";
  if (resume && isResumable(head.status)) return "resumed";
  if (head.events.at(-1)?.type === "Forked") return "forked";
  return head.status === "released" ? "released" : "woken";
}

/** The step whose failure closed the run: it gets a new try. */
function failedStep(events: readonly RunEvent[]): readonly string[] {
  const failed = events.findLast((event) => event.type === "Failed");
  return failed === undefined || failed.step === "" ? [] : [failed.step];
}
