import type { Progress } from "../engine/annotations.ts";
import type { Attributes } from "../engine/attributes.ts";
import type { ParkReason } from "../engine/run-event.ts";
import type { RunStatus } from "../engine/run-status.ts";

/**
 * What the projection keeps of a run: enough to find it and to show it in a list. Times are milliseconds since 1970, 0 for
 * never; texts are empty for none. Everything is a fold of the run's messages alone (I10): no clock, no chance, no order
 * between runs.
 */
export interface RunRow {
  readonly id: string;
  readonly flow: string;
  readonly key: string;
  readonly queue: string;
  readonly partition: number;
  readonly status: RunStatus;
  /** The run that submitted it. */
  readonly parent: string;
  /** The first run of its family: its own id for a run without parent. */
  readonly root: string;
  readonly depth: number;
  readonly submittedAt: number;
  readonly startAt: number;
  readonly deadlineAt: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly closedAt: number;
  readonly epoch: number;
  /** How often a worker died on it, all told; and since it last made progress. */
  readonly takeOvers: number;
  readonly crashes: number;
  /** The worker that holds it. */
  readonly worker: string;
  /** The flow's own version in the last activation. */
  readonly version: string;
  /** When the broker wakes it, and what it waits for, if it is suspended. */
  readonly wakeAt: number;
  readonly waits: readonly string[];
  /** Tags of its submission, and those that its flow added. */
  readonly tags: readonly string[];
  readonly addedTags: readonly string[];
  /** Search attributes: those of the submission, overwritten by those that the flow set. */
  readonly attributes: Attributes;
  readonly progress: Progress | undefined;
  readonly parked: ParkReason | "";
  readonly cancelReason: string;
  /** Of a failed run whose error can be read without codec or blob. The message is cut at 1,000 characters. */
  readonly errorName: string;
  readonly errorMessage: string;
  /** The same for errors that differ only in numbers, ids and quoted values: 16 hex digits. */
  readonly errorFingerprint: string;
  /** Stream sequences: its submission, its head, what its history has folded of the inbox, and the inbox's last message. */
  readonly submissionSequence: number;
  readonly headSequence: number;
  readonly inboxFolded: number;
  readonly lastInput: number;
  /** Key of its file in the archive, once it is there. */
  readonly archived: string;
}
