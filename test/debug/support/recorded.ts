import type { FrameStatus, RecordedFrame } from "../../../src/engine/frame.ts";
import type { InputBody } from "../../../src/engine/input.ts";
import type { RunEvent, RunEventBody } from "../../../src/engine/run-event.ts";
import type { RunId } from "../../../src/engine/run-id.ts";
import type { Submission } from "../../../src/engine/submission.ts";
import type { RecordedRun } from "../../../src/history/recorded-run.ts";
import { encodeError } from "../../../src/wire/error-codec.ts";
import { encodeInput } from "../../../src/wire/input-codec.ts";
import { encodeValue } from "../../../src/wire/value-codec.ts";

/** When the runs of these tests are submitted, in milliseconds since 1970. */
export const NOON = Date.UTC(2026, 4, 4, 12);

/** An event and when it happened, in milliseconds after noon. */
export type At = readonly [after: number, event: RunEventBody];

/** What a test says of a run; the rest is as it mostly is. */
export interface RunPlan extends Partial<Omit<Submission, "runId" | "input">> {
  readonly id?: RunId;
  readonly input?: unknown;
  readonly events: readonly At[];
  /** By the sequence under which an event folds them. */
  readonly inbox?: Readonly<Record<number, InputBody>>;
}

/** A run with this history, each event in a frame of its own. */
export function recorded({
  id = "shop:a",
  input,
  events,
  inbox = {},
  ...rest
}: RunPlan): RecordedRun {
  const submission: Submission = {
    runId: id,
    queue: "shop",
    submissionId: `sub-${id}`,
    input: encodeValue(input, "the input"),
    tags: [],
    metadata: {},
    attributes: {},
    submittedAt: NOON,
    replyTo: "",
    isKeyNew: false,
    parent: undefined,
    startAt: 0,
    deadlineAt: 0,
    ...rest,
  };
  const stored = Object.entries(inbox).map(([sequence, body]) => ({
    sequence: Number(sequence),
    partition: 0,
    subject: "in",
    storedAt: NOON,
    data: encodeInput({ inputId: `in-${sequence}`, sentAt: NOON, body }),
  }));
  return { submission, inbox: stored, foreign: [], frames: framesOf(events) };
}

function framesOf(events: readonly At[]): readonly RecordedFrame[] {
  let [epoch, writer] = [0, ""];
  return events.map(([after, body], at) => {
    if (body.type === "Activated") [epoch, writer] = [body.epoch, body.worker];
    const event = { at: NOON + after, ...body } as RunEvent;
    const place = { sequence: (at + 1) * 10, prev: at * 10, token: 1, queue: "shop" };
    const rest = { inboxFolded: 0, annotated: 0, status: statusAfter(event), events: [event] };
    return { ...place, ...rest, epoch, writer };
  });
}

const STATUS: Partial<Record<RunEvent["type"], FrameStatus>> = {
  Completed: "completed",
  Failed: "failed",
  Crashed: "crashed",
  Cancelled: "cancelled",
  Suspended: "suspended",
  Released: "released",
  Parked: "parked",
  StepAttemptFailed: "awaiting-retry",
  CancelRequested: "cancelling",
};

function statusAfter({ type }: RunEvent): FrameStatus {
  return STATUS[type] ?? "running";
}

export function activated(after: number, epoch = 1, more: Partial<EventOf<"Activated">> = {}): At {
  const reason = epoch === 1 ? "submitted" : "takeover";
  const rest = { token: 1, version: "", worker: `w${epoch}` };
  return [after, { type: "Activated", epoch, reason, ...rest, ...more }];
}

export function completed(after: number, output?: unknown): At {
  return [after, { type: "Completed", output: encodeValue(output, "the output") }];
}

/** A step that began at `from` and completed at `to`. */
export function step(id: string, from: number, to: number, output?: unknown, attempt = 1): At {
  const startedAt = NOON + from;
  const value = encodeValue(output, "the output");
  return [to, { type: "StepCompleted", step: id, attempt, startedAt, output: value }];
}

/** An attempt that failed; the next one is due at `retry`, or the step has failed for good. */
export function failed(
  id: string,
  from: number,
  to: number,
  { attempt = 1, retry, error = new Error("busy") }: FailedOptions = {},
): At {
  const same = { step: id, attempt, startedAt: NOON + from, error: encodeError(error) };
  if (retry === undefined) return [to, { type: "StepFailed", ...same }];
  return [to, { type: "StepAttemptFailed", ...same, retryAt: NOON + retry }];
}

interface FailedOptions {
  readonly attempt?: number;
  readonly retry?: number;
  readonly error?: Error;
}

type EventOf<T extends RunEventBody["type"]> = Extract<RunEventBody, { readonly type: T }>;
