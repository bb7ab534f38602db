import type { Duration } from "../engine/duration.ts";
import type { RunStatus } from "../engine/run-status.ts";
import type { TriggerLimits, TriggerSpec } from "../engine/trigger-spec.ts";
import type { Signal } from "./signal.ts";
import { triggerSpecOf } from "./trigger-spec-of.ts";

/**
 * Declares a trigger: what happens, and what is done about it. Serve it beside the flows; each event is acted upon once, by
 * whichever worker comes to it (docs/triggers.md).
 *
 * ```ts
 * const tellOps = trigger("tell-ops", {
 *   on: "run.crashed",
 *   when: { tags: ["origin:backend"] },
 *   action: { webhook: "ops" },
 * });
 * ```
 *
 * Expressions are CEL, compiled at once.
 * @throws {@link TriggerInvalidError}, {@link InvalidDurationError}
 */
export function trigger(name: string, options: TriggerOptions): Trigger {
  const spec = triggerSpecOf({ ...options, name });
  return { kind: "trigger", name: spec.name, spec };
}

/** A trigger that stands in code, to be served beside the flows: made by `trigger()`. */
export interface Trigger {
  readonly kind: "trigger";
  readonly name: string;
  readonly spec: TriggerSpec;
}

export type TriggerOptions = {
  /** What happens. */
  readonly on: TriggerOn;
  /** Which of these events count. Default: all. */
  readonly when?: TriggerWhen;
  /** What is done about it: as a run of its own, so it is retried, and seen. */
  readonly action: TriggerDo;
  /** When it is stopped because it led to itself, or fires too often. */
  readonly limits?: TriggerLimits;
} & TriggerShapeOptions;

/**
 * - `"run.crashed"`: runs that come into this state; several in a list;
 * - `"order.created"`: events that flows and clients emit, by type, with `*` for a token and `>` for the rest;
 * - `{ run: "suspended", longerThan: "1h" }`: runs that stay in a state for so long;
 * - `{ subject: "orders.*.created" }`: messages on any NATS subject, stored from now on unless a stream has them;
 * - `{ stream: "ORDERS", subject: "orders.eu.>", from: "beginning" }`: those of a JetStream stream.
 */
export type TriggerOn = EventName | readonly EventName[] | TriggerOnDetails;

/** `run.<status>`, or the type of an event that was emitted. */
export type EventName = `run.${RunStatus}` | (string & {});

export type TriggerOnDetails =
  | { readonly run: RunStatus | readonly RunStatus[]; readonly longerThan?: Duration }
  /** By type, also such that begin with `run.`. */
  | { readonly event: string | readonly string[] }
  | { readonly subject: string; readonly from?: "now" | "beginning" }
  | { readonly stream: string; readonly subject?: string; readonly from?: "now" | "beginning" };

/** All that is said must hold. */
export interface TriggerWhen {
  /** Of run events: of this flow, or one of these. */
  readonly flow?: Named | readonly Named[];
  /** Of run events: with all of these tags. */
  readonly tags?: readonly string[];
  /** Of run events: with at least one of these tags. */
  readonly anyTag?: readonly string[];
  /** CEL over `event` and `run` that gives true or false: `"event.data.total > 100"`. */
  readonly if?: string;
}

/** A flow or task, or its name. */
export type Named = string | { readonly name: string };

/** A trigger as it is written by hand, in JSON files and requests: the words of `trigger()`, with flows and signals by their names. */
export type TriggerJson = TriggerOptions & { readonly name: string };

/** At most one of these; without any, each event fires. `by` is CEL for the key by which events belong together. */
export type TriggerShapeOptions = OneOf<{
  /** When no more came for a while, with the last event: at the latest `maxWait` after the first. */
  readonly debounce: {
    readonly by?: string;
    readonly quiet: Duration;
    readonly maxWait?: Duration;
  };
  /** For at most `limit` events in any time of this length; the others are passed over. */
  readonly throttle: { readonly by?: string; readonly limit: number; readonly per: Duration };
  /** With all events when there are `size`, or some time after the first. */
  readonly batch: { readonly by?: string; readonly size: number; readonly within: Duration };
  /** When so many came within a time, with these. */
  readonly after: { readonly by?: string; readonly count: number; readonly within: Duration };
  /** When the expected event did not follow in time, with the one that it should have followed. */
  readonly absent: SecondEvent;
  /** When the other event comes too, in any order, with both. */
  readonly with: SecondEvent;
}>;

export interface SecondEvent {
  readonly on: TriggerOn;
  readonly when?: TriggerWhen;
  readonly by?: string;
  readonly within: Duration;
}

/**
 * One of them. What is said of a run is CEL that gives its id; the text alone, such as `"cancel"`, means the run that the event is
 * about.
 */
export type TriggerDo =
  | "cancel"
  | "cancel-children"
  | "resume"
  | "terminate"
  /** `input` is CEL, and `event.data` by default; `key` is CEL, and the firing's own id by default. */
  | {
      readonly submit: string | { readonly name: string; readonly queue: string };
      readonly input?: string;
      readonly key?: string;
      readonly tags?: readonly string[];
      readonly queue?: string;
    }
  /** Submits the run's flow again with the same input, at most so many times in a row. */
  | { readonly resubmit: { readonly times: number; readonly run?: string } }
  /** `run` and `value` are CEL. */
  | {
      readonly signal: string | Pick<Signal, "kind" | "name">;
      readonly run: string;
      readonly value?: string;
    }
  | { readonly cancel: string; readonly reason?: string }
  | { readonly cancelChildren: string; readonly reason?: string }
  | { readonly resume: string }
  | { readonly terminate: string; readonly reason?: string }
  /** An endpoint's name. `body` is CEL; default: the event. */
  | { readonly webhook: string; readonly body?: string }
  /** A literal subject. `data` is CEL; default: the event. */
  | { readonly publish: string; readonly data?: string };

/** Exactly one of these members, or none. */
type OneOf<All> = {
  [K in keyof All]: Partial<Pick<All, K>> & {
    readonly [Other in Exclude<keyof All, K>]?: undefined;
  };
}[keyof All];
