import type { RunEvent } from "./run-event.ts";

/** What a run's last frame says of it. `scheduled` and `pending` runs have no frame yet. */
export type FrameStatus =
  | "running"
  | "awaiting-retry"
  | "cancelling"
  | "suspended"
  | "scheduled"
  | "released"
  | "parked"
  | "completed"
  | "failed"
  | "crashed"
  | "cancelled";

/** One message of a run's history: events that were committed together. */
export interface Frame {
  /** Sequence of the frame before it, 0 for the first: the chain that makes the history one writer's (I2). */
  readonly prev: number;
  /** Number of the activation that wrote it, from 1. */
  readonly epoch: number;
  /** Id of the worker that wrote it. */
  readonly writer: string;
  readonly status: FrameStatus;
  /** The last inbox sequence that the history has folded. */
  readonly inboxFolded: number;
  /** Sequence of the message that gave the writer the right to the run. */
  readonly token: number;
  /** The queue where the run's tokens wait. */
  readonly queue: string;
  /** Sequence of the frame with the last `Annotated` event before this one, 0 for none. */
  readonly annotated: number;
  readonly events: readonly RunEvent[];
}

/** A frame with its place in the stream. */
export interface RecordedFrame extends Frame {
  readonly sequence: number;
}

/** Sequence of the newest frame up to this one that tells what the flow says of itself; 0 for none. */
export function annotatedAt(frame: RecordedFrame): number {
  return frame.events.some(({ type }) => type === "Annotated") ? frame.sequence : frame.annotated;
}

/** True when a worker is said to hold the run. */
export function isActive(status: FrameStatus): boolean {
  return status === "running" || status === "awaiting-retry" || status === "cancelling";
}

/** True when the run has ended. */
export function isClosed(
  status: string,
): status is "completed" | "failed" | "crashed" | "cancelled" {
  return (
    status === "completed" || status === "failed" || status === "crashed" || status === "cancelled"
  );
}

/** True when a run in this state can be continued by hand. */
export function isResumable(status: string): boolean {
  return status === "parked" || status === "failed" || status === "crashed";
}
