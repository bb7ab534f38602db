import type { RunQuery } from "../engine/run-query.ts";
import type { RunStatus } from "../engine/run-status.ts";
import type { RunRow } from "./run-row.ts";

/**
 * Where the projection's views are: SQL, whichever database is underneath. Rows and checkpoint change together or not at all;
 * of two projectors at one view only one goes on at a time.
 */
export interface RunStore {
  /** The view that is being read: searched, counted. */
  readonly view: RunSearch;
  /** Opens the live view for writing, or the one that is being built beside it; makes it when it is missing. */
  open(target: "live" | "rebuild", version: string): Promise<RunView>;
  /** Makes the view that was built the live one, at once for all who read, and drops the former. */
  switchOver(): Promise<void>;
  close(): Promise<void>;
}

/** One view as its projector sees it. */
export interface RunView {
  readonly checkpoints: () => Promise<readonly Checkpoint[]>;
  /** The rows of these runs, as far as there are any. */
  rows(ids: readonly string[]): Promise<ReadonlyMap<string, RunRow>>;
  /**
   * Stores rows and the checkpoint in one transaction, if the checkpoint still is `expected`.
   * @returns false when another projector has moved it: nothing was stored then.
   */
  commit(batch: RowBatch): Promise<boolean>;
}

export interface RowBatch {
  readonly partition: number;
  readonly expected: number;
  readonly checkpoint: Checkpoint;
  /** Each with what it was before, as far as there was anything. */
  readonly rows: readonly { readonly before: RunRow | undefined; readonly after: RunRow }[];
}

/** How far a view has read a partition. */
export interface Checkpoint {
  readonly partition: number;
  /** Last sequence that is folded. */
  readonly sequence: number;
  /** When the broker had stored that message, in milliseconds since 1970. */
  readonly storedAt: number;
  readonly incarnation: string;
}

/** What a view is asked. */
export interface RunSearch {
  row(id: string): Promise<RunRow | undefined>;
  /** A page in the query's order; stable while runs arrive: none that was there from the start is left out or comes twice. */
  list(query: RunQuery, page: PageRequest): Promise<RunPage>;
  count(query: RunQuery, atMost?: number): Promise<RunCount>;
  /** Exact numbers by flow, queue and status, kept up to date: nothing is scanned. */
  stats(): Promise<readonly RunStats[]>;
  /** Runs that may need a repair, in the order of their ids: for whoever then looks at the log. */
  candidates(which: RunCandidates, page: CandidatePage): Promise<readonly RunRow[]>;
}

/** Which runs may need a repair. Times are milliseconds since 1970. */
export type RunCandidates =
  /**
   * Given up by its worker: suspended, scheduled or pending with a history (`headSequence` over 0). And `lastInput >
   * inboxFolded`: the last message of its inbox is not folded.
   */
  | { readonly kind: "unfolded" }
  /** Suspended or scheduled, and to be woken before this time: `0 < wakeAt < wakeBefore`. */
  | { readonly kind: "overdue"; readonly wakeBefore: number }
  /** Running, awaiting a retry or cancelling, and `updatedAt < updatedBefore`. */
  | { readonly kind: "active"; readonly updatedBefore: number };

export interface CandidatePage {
  /** 1 to 1,000. */
  readonly limit: number;
  /** Only runs whose id comes after this one. */
  readonly after?: string;
}

export interface PageRequest {
  /** 1 to 1,000. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface RunPage {
  readonly rows: readonly RunRow[];
  /** For the page that follows; nothing on the last one. */
  readonly next: string | undefined;
}

export interface RunCount {
  readonly count: number;
  /** False: there are at least so many. */
  readonly exact: boolean;
}

export interface RunStats {
  readonly flow: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly count: number;
}
