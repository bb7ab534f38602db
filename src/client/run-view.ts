import { type Annotations, NO_ANNOTATIONS, type Progress } from "../engine/annotations.ts";
import { isActive, isClosed, type RecordedFrame } from "../engine/frame.ts";
import type { RunId } from "../engine/run-id.ts";
import { decodeValue } from "../wire/value-codec.ts";
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
  /** What a suspended run waits for, such as `signal approval until 2026-01-31T12:00:00.000Z`. */
  readonly waitingFor: readonly string[];
  /** How far it says that it is, if it does. */
  readonly progress: Progress | undefined;
  /** Tags that its flow has added to those of the submission. */
  readonly addedTags: readonly string[];
  /** The values that its flow exposes, by name. */
  readonly exposed: Readonly<Record<string, unknown>>;
}

/** `annotations` is what its flow tells of itself, if it is known. */
export function viewOfFrame(
  id: RunId,
  frame: RecordedFrame,
  annotations: Annotations | undefined,
): RunView {
  const suspended = frame.events.findLast((event) => event.type === "Suspended");
  return {
    waitingFor: suspended?.waits ?? [],
    ...shownAnnotations(annotations ?? NO_ANNOTATIONS),
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

/** What a flow tells of itself, decoded. */
export function shownAnnotations(
  annotations: Annotations,
): Pick<RunView, "progress" | "addedTags" | "exposed"> {
  const { progress, tags, exposed } = annotations;
  const values = Object.entries(exposed).map(([name, payload]) => [name, decodeValue(payload)]);
  return { progress, addedTags: tags, exposed: Object.fromEntries(values) };
}
