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
  /** What was missed while nobody served: nothing, the latest, or all of it, up to `limit` of the latest. */
  readonly catchUp: { readonly mode: "skip" | "latest" | "all"; readonly limit: number };
  /** What to do while the run before is still open. */
  readonly overlap: "allow" | "skip" | "queue" | "cancel-previous";
  /** Each run starts up to so much later, by a fixed amount for each due time. */
  readonly jitterMs: number;
}

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
  /** Due times that wait for the run before to end. */
  readonly waiting?: readonly number[];
}
