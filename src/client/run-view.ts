import type { Annotations, Progress } from "../engine/annotations.ts";
import { archivedIn } from "../engine/archived-event.ts";
import type { Attributes } from "../engine/attributes.ts";
import { isActive, isClosed, type RecordedFrame } from "../engine/frame.ts";
import type { RunId } from "../engine/run-id.ts";
import { type RunStatus, runStatus } from "../engine/run-status.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { type ArchivePlace, archivePlace } from "./archive-place.ts";
import { ShownPayloads } from "./shown-payloads.ts";

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
  /**
   * What a run waits for that is suspended, such as `signal approval until 2026-01-31T12:00:00.000Z`, or pending, such as
   * `queue payments is paused`.
   */
  readonly waitingFor: readonly string[];
  /** How far it says that it is, if it does. */
  readonly progress: Progress | undefined;
  /** Tags that its flow has added to those of the submission. */
  readonly addedTags: readonly string[];
  /** Search attributes that its flow has set, on top of those of the submission. */
  readonly addedAttributes: Attributes;
  /** The values that its flow exposes, by name. */
  readonly exposed: Readonly<Record<string, unknown>>;
  /** Where its history is, if it is in the archive. */
  readonly archived: ArchivePlace | undefined;
}

/** `annotations` is what its flow tells of itself, if it is known. */
export function viewOfFrame(
  id: RunId,
  frame: RecordedFrame,
  told: ShownAnnotations = NOTHING_TOLD,
): RunView {
  const archived = archivedIn(frame);
  const isWaiting = frame.status === "suspended" || frame.status === "scheduled";
  const suspended = frame.events.findLast((event) => event.type === "Suspended");
  return {
    waitingFor: isWaiting && suspended !== undefined ? suspended.waits : [],
    ...told,
    id,
    status: runStatus(frame.status),
    closed: isClosed(frame.status),
    epoch: frame.epoch,
    worker: isActive(frame.status) ? frame.writer : "",
    queue: frame.queue,
    sequence: frame.sequence,
    updatedAt: new Date(frame.events.at(-1)?.at ?? 0),
    archived: archived === undefined ? undefined : archivePlace(archived),
  };
}

/** What a flow tells of itself, as it is shown. */
export type ShownAnnotations = Pick<
  RunView,
  "progress" | "addedTags" | "addedAttributes" | "exposed"
>;

export const NOTHING_TOLD: ShownAnnotations = {
  progress: undefined,
  addedTags: [],
  addedAttributes: {},
  exposed: {},
};

/** What a flow tells of itself, decoded. */
export async function shownAnnotations(
  { progress, tags, attributes, exposed }: Annotations,
  payloads: Payloads,
): Promise<ShownAnnotations> {
  const shown = new ShownPayloads(payloads);
  return {
    progress,
    addedTags: tags,
    addedAttributes: attributes,
    exposed: await shown.values(exposed),
  };
}
