import type { Duration } from "../engine/duration.ts";
import type { CatchUp, Overlap, ScheduleSpec } from "../engine/schedule-spec.ts";
import type { AnyDefinition, Definition } from "./definition.ts";
import { parseScheduleSpec } from "./parse-schedule-spec.ts";

/** A schedule that stands in code, to be served beside its flow: made by `schedule()`. */
export interface Schedule {
  readonly kind: "schedule";
  readonly name: string;
  readonly spec: ScheduleSpec;
}

/** When a schedule's runs are due, and what they are given. */
export type ScheduleOptions<Input, Output, Wire> = ScheduleTimes &
  ScheduleRules & {
    /** What is submitted. */
    readonly flow: Definition<Input, Output, Wire>;
  } & (undefined extends Wire
    ? { readonly input?: NoInfer<Wire> }
    : { /** Plain JSON, the same for each run. */ readonly input: NoInfer<Wire> });

/** By the calendar of a time zone, or every so often. */
export type ScheduleTimes =
  | {
      /** Five fields, or six with seconds first: `"15 2 * * *"` is 02:15 each day. */
      readonly cron: string;
      /** A name of the IANA database such as `Europe/Berlin`. Default `UTC`. */
      readonly timeZone?: string;
      readonly every?: undefined;
    }
  | {
      /** How often: 1 s or more. */
      readonly every: Duration;
      /** The first time, from which the others are counted. Default: the start of 1970, so `"15m"` is each full quarter. */
      readonly from?: Date | number;
      readonly cron?: undefined;
    };

export interface ScheduleRules {
  /** What becomes of due times that were missed, because no worker was there or no broker. Default `latest`. */
  readonly catchUp?: CatchUp["mode"] | CatchUpOptions;
  /** What to do while the run before is still open. Default `allow`. */
  readonly overlap?: Overlap;
  /** Spreads runs: each is submitted up to so much later, by what is fixed for its due time. At most a day. Default 0. */
  readonly jitter?: Duration;
  /** For its runs, beside `schedule:<name>`. */
  readonly tags?: readonly string[];
  /** Where its runs wait for a worker. Default: the flow's queue. */
  readonly queue?: string;
}

export interface CatchUpOptions {
  readonly mode: CatchUp["mode"];
  /** With `all`: so many of the newest are run. 1 to 1,000. Default 100. */
  readonly limit?: number;
  /** How late a run may be and still count as in time. At least 1 s. Default 1 min. */
  readonly grace?: Duration;
}

/**
 * Submits a flow by the clock: serve it beside the flow. The key of each run is the schedule's name and the due time, so that
 * any number of workers fire it once.
 *
 * ```ts
 * const nightly = schedule("nightly", { flow: report, cron: "15 2 * * *", timeZone: "Europe/Berlin", input: { days: 1 } });
 * await serve([report, nightly], { connection });
 * ```
 * @throws {@link InvalidOptionError}, {@link InvalidNameError} and {@link InvalidDurationError} at once.
 */
export function schedule<Input, Output, Wire>(
  name: string,
  options: ScheduleOptions<Input, Output, Wire>,
): Schedule {
  const definition: AnyDefinition = options.flow;
  const spec = parseScheduleSpec({
    ...options,
    name,
    flow: definition.name,
    queue: options.queue ?? definition.queue,
  });
  return { kind: "schedule", name: spec.name, spec };
}
