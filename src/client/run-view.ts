import { isActive, isClosed, type RecordedFrame } from "../engine/frame.ts";
import type { RunId } from "../engine/run-id.ts";
import { type RunStatus, runStatus } from "./run-status.ts";

/** A run at a glance: what its last frame says. Reading it is one look-up. */
export interface RunView {
  readonly id: RunId;
  readonly status: RunStatus;
  /** True once it has ended. */
  readonly closed: boolean;
  /** Activations so far; 0 while nobody took it up. */
  readonly epoch: number;
  /** The worker that holds it, or empty. */
  readonly worker: string;
  readonly queue: string;
  /** Stream sequence of its last frame, or of its submission while there is none. */
  readonly sequence: number;
  /** When its last event was recorded, or when it was submitted. */
  readonly updatedAt: Date;
}

export function viewOfFrame(id: RunId, frame: RecordedFrame): RunView {
  return {
    id,
    status: runStatus(frame.status),
    closed: isClosed(frame.status),
    epoch: frame.epoch,
    worker: isActive(frame.status) ? frame.writer : "",
    queue: frame.queue,
    sequence: frame.sequence,
    updatedAt: new Date(frame.events.at(-1)?.at ?? 0),
  };
}
