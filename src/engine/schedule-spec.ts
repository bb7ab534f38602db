/** A schedule as it stands in its control record, in the API and in the command line: plain JSON. `schedule()` makes one from what a user writes. */
export interface ScheduleSpec {
  /** A token. The key of its runs is `<name>-<due time in UTC as 20261123T021500Z>`. */
  readonly name: string;
  /** The flow or task that is submitted. */
  readonly flow: string;
  readonly timing: ScheduleTiming;
  /** Plain JSON. */
  readonly input?: unknown;
  readonly tags?: readonly string[];
  readonly queue?: string;
  readonly catchUp: CatchUp;
  /** What to do while the run before is still open. */
  readonly overlap: Overlap;
  /** Each run starts up to so much later, by a fixed amount for each due time. */
  readonly jitterMs: number;
}

/** What becomes of due times that were missed: that nobody took up within `graceMs`. */
export interface CatchUp {
  /** None of them is run, the newest is, or all are, up to `limit` of the newest. */
  readonly mode: "skip" | "latest" | "all";
  readonly limit: number;
  readonly graceMs: number;
}

/** Whether a run starts while the one before is still open: it does, never, later, or once that one is cancelled. */
export type Overlap = "allow" | "skip" | "queue" | "cancel-previous";

export type ScheduleTiming =
  /** Cron with 5 fields, or 6 with seconds first, in an IANA time zone. */
  | { readonly kind: "cron"; readonly cron: string; readonly timeZone: string }
  /** Every so often, counted from `from` (milliseconds since 1970). */
  | { readonly kind: "interval"; readonly everyMs: number; readonly from: number };

/** A schedule's control record `schedule.<name>`. */
export interface ScheduleRecord {
  readonly spec: ScheduleSpec;
  readonly version: number;
  readonly from: "code" | "api";
  readonly paused?: { readonly reason: string; readonly at: number };
  readonly createdAt: number;
  readonly changedAt: number;
  /** The next time it is due, in milliseconds since 1970. */
  readonly nextAt: number;
  /** Its last run: what `overlap` looks at. */
  readonly lastRun?: string;
  readonly lastDueAt?: number;
  /** Due times that were taken up and not submitted yet, the earliest first: most wait for the run before to end. */
  readonly waiting?: readonly number[];
}
