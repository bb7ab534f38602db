import type { SubmitOptions } from "../../definition/submit-options.ts";

/** How a run is run again. What is not given is as it was submitted, but for a deadline: there is none then. */
export interface RerunOptions
  extends Pick<
    SubmitOptions,
    "key" | "ifExists" | "queue" | "priority" | "deadline" | "attributes"
  > {
  /** In place of the input. Whether it fits the flow is seen when a worker takes the run up. */
  readonly input?: unknown;
  /** Added to the origin's. */
  readonly tags?: readonly string[];
  /** Added to the origin's. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where a run is forked, and what is changed. */
export interface ForkOptions extends RerunOptions {
  /**
   * The point from which the run goes its own way. A step's id (`charge#2`, or `charge` for the first): what is before its
   * first event is copied, and it is executed again. The number of an event (`12` or `"#12"`, as `millrace events` shows
   * them) or a stream sequence (`"seq:9041"`): that event, or frame, is the last one that is copied. Default: the start, or
   * with `set` the last of the outcomes that are set.
   */
  readonly from?: string | number;
  /** Outcomes in place of the recorded ones: what these steps, all before the point, have returned. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/** What a fork would be, as {@link Millrace.fork} tells with `dryRun`. */
export interface ForkPlan {
  readonly origin: string;
  /** The fork's id; nothing when its key is made when it is. */
  readonly id: string | undefined;
  /** The last event of the origin that is copied; 0: it begins at the start. */
  readonly event: number;
  /** How many events the origin has. */
  readonly events: number;
  /** Steps whose recorded outcome it takes over, those that are set included. */
  readonly keeps: readonly string[];
  /** Steps whose outcome is set. */
  readonly sets: readonly string[];
  /** Steps, timers and children of the origin that are recorded after the point only: the fork does for itself what is asked for again. */
  readonly drops: readonly string[];
  /** Runs that it waits for with the origin: children that are open at the point. */
  readonly attaches: readonly string[];
  /** How many signals it takes over, and how many it does not. */
  readonly signals: { readonly copied: number; readonly left: number };
}
