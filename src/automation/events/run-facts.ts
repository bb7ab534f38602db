/**
 * What is kept of a run to tell of it: the fold of its submission and frames. Rules:
 *
 * - One event for each frame after which the run has another status than before. What happened within one frame is one event.
 * - A frame that does not continue the chain changes nothing (I2, I11); nor does what the archive writes.
 */
import { archivedIn } from "../../engine/archived-event.ts";
import type { Attributes } from "../../engine/attributes.ts";
import type { RecordedFrame } from "../../engine/frame.ts";
import type { RunRef } from "../../engine/run-id.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../../engine/run-status.ts";
import type { Submission } from "../../engine/submission.ts";

export interface RunFacts {
  readonly run: RunRef;
  readonly queue: string;
  /** Nothing when it has neither a submission nor a frame yet. */
  readonly status: RunStatus | undefined;
  /** Sequence of the last frame, 0 for none. */
  readonly head: number;
  readonly epoch: number;
  readonly tags: readonly string[];
  readonly addedTags: readonly string[];
  readonly attributes: Attributes;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parent: string;
  readonly root: string;
  /** Milliseconds since 1970; 0 when it is not known. */
  readonly submittedAt: number;
}

/** A run of which only the name is known. */
export function unknownRun(run: RunRef): RunFacts {
  return { ...UNKNOWN, run, root: run.id };
}

/** What a submission says. */
export function factsOf(run: RunRef, submission: Submission): RunFacts {
  const { queue, tags, attributes, metadata, parent, submittedAt } = submission;
  return {
    ...UNKNOWN,
    run,
    queue,
    status: statusBeforeStart(submission, submittedAt),
    tags,
    attributes,
    metadata,
    parent: parent?.runId ?? "",
    root: parent?.root ?? run.id,
    submittedAt,
  };
}

/** The facts after a frame that continues the chain; nothing for any other. */
export function afterFrame(facts: RunFacts, frame: RecordedFrame): RunFacts | undefined {
  if (frame.prev !== facts.head || archivedIn(frame) !== undefined) return undefined;
  const { sequence, status, epoch, queue, events } = frame;
  const told = events.findLast((event) => event.type === "Annotated");
  const next = {
    ...facts,
    head: sequence,
    status: runStatus(status),
    epoch,
    queue: queue === "" ? facts.queue : queue,
  };
  if (told === undefined) return next;
  const attributes = { ...facts.attributes, ...told.attributes };
  return { ...next, addedTags: told.tags, attributes };
}

/** About how many bytes facts take in memory. */
export function sizeOf({ tags, addedTags, attributes, metadata }: RunFacts): number {
  let size = FACTS_BYTES;
  for (const tag of [...tags, ...addedTags]) size += tag.length * 2 + ENTRY_BYTES;
  for (const [name, value] of Object.entries({ ...attributes, ...metadata })) {
    size += (name.length + String(value).length) * 2 + ENTRY_BYTES;
  }
  return size;
}

const FACTS_BYTES = 600;
const ENTRY_BYTES = 40;

const UNKNOWN: Omit<RunFacts, "run" | "root"> = Object.freeze({
  queue: "",
  status: undefined,
  head: 0,
  epoch: 0,
  tags: [],
  addedTags: [],
  attributes: {},
  metadata: {},
  parent: "",
  submittedAt: 0,
});
