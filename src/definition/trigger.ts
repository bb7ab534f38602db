import { type Duration, toMilliseconds } from "../engine/duration.ts";
import type { RunStatus } from "../engine/run-status.ts";
import { TriggerInvalidError } from "../engine/trigger-errors.ts";
import type {
  TriggerAction,
  TriggerCondition,
  TriggerLimits,
  TriggerShape,
  TriggerSource,
  TriggerSpec,
} from "../engine/trigger-spec.ts";
import { parseTriggerSpec } from "../expressions/parse-trigger-spec.ts";
import type { Signal } from "./signal.ts";

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
  const { on, when, action, limits } = options;
  const spec = parseTriggerSpec({
    name,
    on: sourceOf(on, "on"),
    when: when === undefined ? undefined : conditionOf(when),
    shape: shapeOf(options),
    action: actionOf(action),
    limits,
  });
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

function sourceOf(on: TriggerOn, path: string): TriggerSource {
  if (isNames(on)) return sourceOfNames(listOf(on), path);
  if ("run" in on) {
    const { run, longerThan } = on;
    const lasting = longerThan === undefined ? {} : { longerThanMs: toMilliseconds(longerThan) };
    return { kind: "run", statuses: listOf(run), ...lasting };
  }
  if ("event" in on) return { kind: "event", types: listOf(on.event) };
  const from = on.from ?? "now";
  if (!("stream" in on)) return { kind: "subject", subject: on.subject, from };
  const { stream, subject } = on;
  return { kind: "stream", stream, ...(subject === undefined ? {} : { subject }), from };
}

function isNames(on: TriggerOn): on is EventName | readonly EventName[] {
  return typeof on === "string" || Array.isArray(on);
}

function sourceOfNames(names: readonly string[], path: string): TriggerSource {
  const ofRuns = names.filter((name) => name.startsWith(OF_RUNS));
  if (ofRuns.length === 0) return { kind: "event", types: names };
  if (ofRuns.length === names.length) {
    return { kind: "run", statuses: names.map((name) => name.slice(OF_RUNS.length)) };
  }
  throw new TriggerInvalidError(path, "run events and others need a trigger each");
}

function conditionOf({ flow, tags, anyTag, if: expression }: TriggerWhen): TriggerCondition {
  return {
    ...(flow === undefined ? {} : { flows: listOf(flow).map(nameOf) }),
    ...(tags === undefined ? {} : { allTags: tags }),
    ...(anyTag === undefined ? {} : { anyTags: anyTag }),
    ...(expression === undefined ? {} : { expression }),
  };
}

function shapeOf(options: TriggerShapeOptions): TriggerShape | undefined {
  const { debounce, throttle, batch, after, absent, with: other } = options;
  const given = [debounce, throttle, batch, after, absent, other].filter(
    (one) => one !== undefined,
  );
  if (given.length > 1) throw new TriggerInvalidError("shape", "a trigger has one shape at most");
  if (debounce !== undefined) {
    const { quiet, maxWait } = debounce;
    const longest = maxWait === undefined ? {} : { maxWaitMs: toMilliseconds(maxWait) };
    return { kind: "debounce", ...byOf(debounce), quietMs: toMilliseconds(quiet), ...longest };
  }
  if (throttle !== undefined) {
    const { limit, per } = throttle;
    return { kind: "throttle", ...byOf(throttle), limit, perMs: toMilliseconds(per) };
  }
  if (batch !== undefined) {
    return { kind: "batch", ...byOf(batch), size: batch.size, ...withinOf(batch) };
  }
  if (after !== undefined) {
    return { kind: "after", ...byOf(after), count: after.count, ...withinOf(after) };
  }
  if (absent !== undefined) {
    const expected = sourceOf(absent.on, "absent.on");
    return { kind: "absent", ...byOf(absent), expected, ...whenOf(absent), ...withinOf(absent) };
  }
  if (other === undefined) return undefined;
  const second = sourceOf(other.on, "with.on");
  return { kind: "both", ...byOf(other), other: second, ...whenOf(other), ...withinOf(other) };
}

function byOf({ by }: { readonly by?: string }): { readonly by?: string } {
  return by === undefined ? {} : { by };
}

function withinOf({ within }: { readonly within: Duration }): { readonly withinMs: number } {
  return { withinMs: toMilliseconds(within) };
}

function whenOf({ when }: SecondEvent): { readonly when?: TriggerCondition } {
  return when === undefined ? {} : { when: conditionOf(when) };
}

/** Members that are left out stand there as undefined: the parser takes both as the same. */
function actionOf(action: TriggerDo): unknown {
  if (typeof action === "string") return { kind: action };
  if ("submit" in action) {
    const { submit, input, key, tags } = action;
    const home =
      typeof submit === "string" || submit.queue === submit.name ? undefined : submit.queue;
    const queue = action.queue ?? home;
    const flow = nameOf(submit);
    return { kind: "submit", flow, inputExpression: input, keyExpression: key, tags, queue };
  }
  if ("resubmit" in action) {
    const { times, run } = action.resubmit;
    return { kind: "resubmit", runExpression: run, times };
  }
  if ("signal" in action) {
    const { signal, run, value } = action;
    return { kind: "signal", signal: nameOf(signal), runExpression: run, valueExpression: value };
  }
  if ("cancel" in action) return stopping("cancel", action.cancel, action.reason);
  if ("cancelChildren" in action) {
    return stopping("cancel-children", action.cancelChildren, action.reason);
  }
  if ("terminate" in action) return stopping("terminate", action.terminate, action.reason);
  if ("resume" in action) return { kind: "resume", runExpression: action.resume };
  if ("webhook" in action) {
    return { kind: "webhook", webhook: action.webhook, bodyExpression: action.body };
  }
  return { kind: "publish", subject: action.publish, dataExpression: action.data };
}

function stopping(kind: TriggerAction["kind"], run: string, reason: string | undefined): unknown {
  return { kind, runExpression: run, reason };
}

function nameOf(named: Named): string {
  return typeof named === "string" ? named : named.name;
}

function listOf<T>(one: T | readonly T[]): readonly T[] {
  return isList(one) ? one : [one];
}

function isList<T>(one: T | readonly T[]): one is readonly T[] {
  return Array.isArray(one);
}

const OF_RUNS = "run.";
