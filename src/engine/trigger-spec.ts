/**
 * A trigger as it stands in its control record, in the API and in the command line: plain JSON, with durations in
 * milliseconds and expressions as CEL text. `trigger()` makes one from what a user writes.
 *
 * In expressions stand `event` (the CloudEvent: `id`, `type`, `source`, `subject`, `time`, `data`; of a foreign subject `data` is
 * its JSON body, or its text), `run` (the `data` of a run event) and `events` (all those of a firing, for shapes that gather several).
 */
export interface TriggerSpec {
  /** A token. */
  readonly name: string;
  readonly on: TriggerSource;
  readonly when?: TriggerCondition;
  /** Default: each event fires. */
  readonly shape?: TriggerShape;
  readonly action: TriggerAction;
  readonly limits?: TriggerLimits;
}

export type TriggerSource =
  /** Runs that come into one of these states; with `longerThan`, that stay in it for so long. */
  | { readonly kind: "run"; readonly statuses: readonly string[]; readonly longerThanMs?: number }
  /** Application and system events by type, with `*` for a token and `>` at the end for the rest. */
  | { readonly kind: "event"; readonly types: readonly string[] }
  /** Any subject: the stream that holds it is read, or it is captured from now on. */
  | { readonly kind: "subject"; readonly subject: string; readonly from: "now" | "beginning" }
  /** A JetStream stream of the user's. */
  | {
      readonly kind: "stream";
      readonly stream: string;
      readonly subject?: string;
      readonly from: "now" | "beginning";
    };

export interface TriggerCondition {
  /** Of run events: one of these flows. */
  readonly flows?: readonly string[];
  /** Of run events: all of these tags. */
  readonly allTags?: readonly string[];
  /** Of run events: at least one of these tags. */
  readonly anyTags?: readonly string[];
  /** CEL that gives true or false. */
  readonly expression?: string;
}

/** `by`: CEL that gives the key by which events belong together; without it all do. */
export type TriggerShape =
  | { readonly kind: "each" }
  /** Fires with the last event when none came for `quietMs`, or `maxWaitMs` after the first. */
  | {
      readonly kind: "debounce";
      readonly by?: string;
      readonly quietMs: number;
      readonly maxWaitMs?: number;
    }
  /** Fires for at most `limit` events in any `perMs`; the others are passed over. */
  | {
      readonly kind: "throttle";
      readonly by?: string;
      readonly limit: number;
      readonly perMs: number;
    }
  /** Fires with all events when there are `size`, or `withinMs` after the first. */
  | {
      readonly kind: "batch";
      readonly by?: string;
      readonly size: number;
      readonly withinMs: number;
    }
  /** Fires with the last `count` events when so many came within `withinMs`, then begins anew. */
  | {
      readonly kind: "after";
      readonly by?: string;
      readonly count: number;
      readonly withinMs: number;
    }
  /** Fires with the first event when no expected one followed within `withinMs`. */
  | {
      readonly kind: "absent";
      readonly by?: string;
      readonly expected: TriggerSource;
      readonly when?: TriggerCondition;
      readonly withinMs: number;
    }
  /** Fires with one event of `on` and one of `other`, in any order, within `withinMs` of each other. */
  | {
      readonly kind: "both";
      readonly by?: string;
      readonly other: TriggerSource;
      readonly when?: TriggerCondition;
      readonly withinMs: number;
    };

/** Texts that end in `Expression` are CEL. `runExpression` gives a run's id; default `run.run`: the run that the event is about. */
export type TriggerAction =
  /** Default input: `event.data`, or `events.map(e, e.data)` for batches. Default key: the firing's id. */
  | {
      readonly kind: "submit";
      readonly flow: string;
      readonly inputExpression?: string;
      readonly keyExpression?: string;
      readonly tags?: readonly string[];
      readonly queue?: string;
    }
  /** Submits the run's flow again with the same input, at most `times` in a row. */
  | { readonly kind: "resubmit"; readonly runExpression?: string; readonly times: number }
  | {
      readonly kind: "signal";
      readonly signal: string;
      readonly runExpression: string;
      readonly valueExpression?: string;
    }
  | { readonly kind: "cancel"; readonly runExpression?: string; readonly reason?: string }
  | { readonly kind: "cancel-children"; readonly runExpression?: string; readonly reason?: string }
  | { readonly kind: "resume"; readonly runExpression?: string }
  | { readonly kind: "terminate"; readonly runExpression?: string; readonly reason?: string }
  /** `webhook`: the name of an endpoint. Default body: the event. */
  | { readonly kind: "webhook"; readonly webhook: string; readonly bodyExpression?: string }
  | { readonly kind: "publish"; readonly subject: string; readonly dataExpression?: string };

export interface TriggerLimits {
  /** Firings in any minute, beyond which the trigger is paused. Default: 1,000 of those that firings themselves led to. */
  readonly perMinute?: number;
  /** How many firings may lead to each other before the trigger is paused. Default 8. */
  readonly depth?: number;
}

export const DEFAULT_TRIGGER_DEPTH = 8;
export const DEFAULT_CAUSED_PER_MINUTE = 1_000;

/** A trigger's control record `trigger.<name>`. */
export interface TriggerRecord {
  readonly spec: TriggerSpec;
  /** 1 for the first; one more for each change of the spec. */
  readonly version: number;
  /** `code`: a worker brought it along. */
  readonly from: "code" | "api";
  /** Why it stands still, or nothing while it acts. Events wait meanwhile unless `isDropping`. */
  readonly paused?: { readonly reason: string; readonly at: number };
  readonly createdAt: number;
  readonly changedAt: number;
}
