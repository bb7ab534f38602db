import type { Payload } from "./payload.ts";

/** What is done to each run that a query finds. */
export type BulkAction =
  | { readonly type: "cancel"; readonly reason: string }
  | { readonly type: "terminate"; readonly reason: string }
  /** Continues parked, failed and crashed runs. */
  | { readonly type: "resume" }
  /** Runs each again from the start, as a run of its own. */
  | { readonly type: "rerun" }
  /** Forks each at this point: a step, or the number of an event. */
  | { readonly type: "fork"; readonly from: string }
  | { readonly type: "signal"; readonly name: string; readonly payload: Payload };

/**
 * One action for all runs that a query finds, done by the servers: those that were submitted before the job was made, each
 * once. It goes on when a server dies, and is known for seven days after its last change.
 */
export interface BulkJob {
  readonly id: string;
  /** Which runs, in the query language. */
  readonly query: string;
  readonly action: BulkAction;
  /** `cancelled`: it was told to stop, and left the rest alone. */
  readonly state: "running" | "done" | "cancelled";
  /** In milliseconds since 1970, the clock of the server that made it. */
  readonly createdAt: number;
  /** In milliseconds since 1970; 0 while it runs. */
  readonly finishedAt: number;
  /** How many runs the query found when the job was made. */
  readonly expected: number;
  /** How many of them it has come to. */
  readonly matched: number;
  /** Runs that were asked, and that durably. */
  readonly done: number;
  /** Runs for which there was nothing to do: they have ended, or are in no state that can be resumed. */
  readonly skipped: number;
  readonly failed: number;
  /** The first of those that failed, with the reason. */
  readonly errors: readonly BulkError[];
}

export interface BulkError {
  readonly run: string;
  readonly code: string;
  readonly message: string;
}

/** A job with what its servers need to go on with it. */
export interface BulkJobRecord extends BulkJob {
  /** Counts the writes of whoever works on it: two that do so at once find out by it. */
  readonly step: number;
  /** The replica that wrote it last, empty for none. */
  readonly by: string;
  /** The runs that come next, written down before anything is done to them: they are the same after a crash. */
  readonly page: readonly string[];
  /** Where the projection is read on; empty at the start. Nothing when the page is the last one. */
  readonly cursor: string | undefined;
}
