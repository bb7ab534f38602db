import type { Annotations } from "./annotations.ts";
import type { ArchivedRun } from "./archived-run.ts";
import type { Payload } from "./payload.ts";

/** Why a worker took a run up. */
export type ActivationReason =
  | "submitted"
  | "takeover"
  | "released"
  | "woken"
  | "resumed"
  | "forked";

/** Why a run was set aside until somebody acts. */
export type ParkReason =
  | "mismatch"
  | "unknown-event"
  | "unknown-flow"
  | "unreadable-payload"
  /** What is to be recorded fits in no message that the broker takes. */
  | "too-large"
  /** Frames of its history are gone, or cannot be read: what they recorded would be done again. */
  | "damaged-history"
  /** It was read from a bundle while it was open there: it is to be looked at, and never goes on. */
  | "imported";

/** What of an inbox reaches a flow. */
export type FoldedKind = "signal" | "cancel" | "closed" | "watch";

/**
 * What becomes of a child when its parent has closed: cancelled whatever the reason, left alone, or (empty) cancelled only
 * with a parent that is cancelled.
 */
export type ParentClosePolicy = "" | "cancel" | "abandon";

/** A recorded fact of a run. `at` is the writer's clock, in milliseconds since 1970. */
export type RunEvent = { readonly at: number } & RunEventBody;

export type RunEventBody =
  | {
      readonly type: "Activated";
      readonly epoch: number;
      readonly worker: string;
      /** Sequence of the message that gives the right to hold the run. */
      readonly token: number;
      readonly reason: ActivationReason;
      /** The flow's own version, as its definition says it, or empty. */
      readonly version: string;
    }
  | { readonly type: "Released" }
  /** Given up because it only waits. */
  | {
      readonly type: "Suspended";
      /** When the broker wakes it, in milliseconds since 1970; 0 for never. */
      readonly wakeAt: number;
      /** What it waits for, as people read it. */
      readonly waits: readonly string[];
    }
  | { readonly type: "StepStarted"; readonly step: string; readonly attempt: number }
  | {
      readonly type: "StepAttemptFailed";
      readonly step: string;
      readonly attempt: number;
      readonly startedAt: number;
      readonly error: Payload;
      /** When the next attempt is due: the policy's delay with its jitter, decided once. */
      readonly retryAt: number;
    }
  | {
      readonly type: "StepCompleted";
      readonly step: string;
      readonly attempt: number;
      readonly startedAt: number;
      readonly output: Payload;
    }
  | {
      readonly type: "StepFailed";
      readonly step: string;
      readonly attempt: number;
      readonly startedAt: number;
      readonly error: Payload;
    }
  | { readonly type: "TimerSet"; readonly timer: string; readonly fireAt: number }
  | { readonly type: "TimerFired"; readonly timer: string }
  /** The flow may see an input; what it says stays in the inbox. */
  | {
      readonly type: "InputFolded";
      readonly sequence: number;
      readonly kind: FoldedKind;
      /** The signal's name, or the run that has closed or wants to know. */
      readonly name: string;
    }
  | {
      readonly type: "CancelRequested";
      readonly reason: string;
      readonly by: "input" | "deadline";
    }
  | {
      readonly type: "ChildSubmitted";
      /** The command's id in the flow. */
      readonly child: string;
      readonly runId: string;
      readonly queue: string;
      readonly onParentClose: ParentClosePolicy;
    }
  /** What the flow tells of itself: all of it, each time. */
  | ({ readonly type: "Annotated" } & Annotations)
  /** The flow passed a place where its code had been changed, with the new code. */
  | { readonly type: "Patched"; readonly patch: string }
  | {
      readonly type: "Parked";
      readonly reason: ParkReason;
      readonly expected: string;
      readonly asked: string;
      readonly step: string;
    }
  /** Continued by hand. `retry` names the steps whose recorded failure no longer counts. */
  | { readonly type: "Resumed"; readonly retry: readonly string[] }
  | { readonly type: "Completed"; readonly output: Payload }
  /** `step` is the step whose failure the flow let through, or empty. */
  | { readonly type: "Failed"; readonly error: Payload; readonly step: string }
  | { readonly type: "Crashed"; readonly crashes: number }
  | { readonly type: "Cancelled"; readonly reason: string }
  /** All but the end of the run was moved to the archive. `at` is the time of the end. */
  | ({ readonly type: "Archived" } & ArchivedRun)
  /** All before it was copied from another run's history; all after it is this run's own. */
  | {
      readonly type: "Forked";
      /** The run that it was copied from. */
      readonly origin: string;
      /** The number of the last event there that was copied, from 1, and the stream sequence of its frame. */
      readonly event: number;
      readonly sequence: number;
      /** The same for whoever asks for the same fork again. */
      readonly request: string;
      /** Steps whose outcome was given in place of the recorded one. */
      readonly set: readonly string[];
    }
  /** Written by a newer Millrace: kept as it is, and never guessed at. */
  | { readonly type: "Unknown" };
