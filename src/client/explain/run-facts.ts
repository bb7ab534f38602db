import type { RunActivity } from "../../engine/run-activity.ts";
import type { RunId } from "../../engine/run-id.ts";
import type { RunState } from "../../engine/run-state.ts";
import type { SlotRefusal } from "../../engine/slot-table.ts";
import type { WorkerPresence } from "../../engine/worker-presence.ts";
import type { PlaceInLine } from "../../ports/work-queue.ts";
import type { ErrorFact } from "./explanation.ts";

/** All that an explanation is made of, as it was found at one time. Times are in milliseconds since 1970. */
export interface RunFacts {
  readonly now: number;
  readonly run: RunId;
  readonly flow: string;
  readonly namespace: string;
  /** Nothing when there is no submission. */
  readonly submission: SubmissionFacts | undefined;
  /** Nothing when nobody took it up yet. */
  readonly state: RunState | undefined;
  /** When it was asked to stop, if its history says so. */
  readonly cancelRequestedAt: number | undefined;
  readonly queue: QueueFacts;
  /** The worker that is said to hold it. */
  readonly holder: HolderFacts | undefined;
  /** What is in its inbox and is not in its history yet, oldest first. Wakes are none. */
  readonly inputs: readonly PendingInput[];
  /** The last error of each step that failed or is tried again, and under the empty name the one that closed the run. */
  readonly errors: ReadonlyMap<string, ErrorFact>;
}

export interface SubmissionFacts {
  readonly submittedAt: number;
  /** 0 for at once. */
  readonly startAt: number;
}

export interface QueueFacts {
  readonly name: string;
  readonly paused: boolean;
  /** Why there is no slot for it now. */
  readonly refusal: SlotRefusal | undefined;
  /** What a worker says that keeps it waiting: a slot of its key. */
  readonly said: { readonly text: string; readonly holders: readonly string[] } | undefined;
  /** What every worker of the last day told last. */
  readonly workers: readonly WorkerPresence[];
  /** Those of them that told of themselves lately, and are not there any more. */
  readonly absent: ReadonlySet<string>;
  /** Where its submission stands. Nothing when that is not known, or it has a history. */
  readonly place: PlaceInLine | undefined;
  /** Nothing when nobody has ever read it. */
  readonly leaseMs: number | undefined;
}

export interface HolderFacts {
  readonly worker: string;
  /** What its lease thread says, asked just now. */
  readonly answer: "held" | "gone" | "unknown";
  readonly presence: WorkerPresence | undefined;
  /** What it says that it does with the run. Nothing when it did not answer. */
  readonly activity: RunActivity | undefined;
}

export interface PendingInput {
  readonly type: "Signal" | "Cancel" | "RunClosed" | "Watch";
  /** The signal's name, the reason to stop, or the other run. */
  readonly name: string;
  readonly sentAt: number;
}
