import type { CloudEvent } from "../engine/cloud-event.ts";
import type { Duration } from "../engine/duration.ts";
import { toMilliseconds } from "../engine/duration.ts";
import { ExpressionError } from "../engine/expression-error.ts";
import type { ResolvedAction } from "../engine/resolved-action.ts";
import { EMPTY_SHAPE, type ShapeEvent, type ShapeState } from "../engine/trigger-shapes/shape.ts";
import { shapeOf } from "../engine/trigger-shapes/shape-of.ts";
import type { TriggerSpec } from "../engine/trigger-spec.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import {
  type CompiledTrigger,
  compileTrigger,
  type Match,
} from "../expressions/compiled-trigger.ts";
import type { ClientHost } from "./client-host.ts";
import { type PastEvent, pastEvents } from "./past-events.ts";
import { sampleEvent } from "./sample-event.ts";

/**
 * What a trigger would do, without doing it: with one event that is made up, or with those that came lately. Shapes are folded as
 * the runtime folds them.
 */
export async function testTrigger(
  host: ClientHost,
  spec: TriggerSpec,
  options: TriggerTestOptions,
): Promise<TriggerTest> {
  const trial = new Trial(compileTrigger(spec));
  const now = host.clock.now();
  if ("event" in options) {
    const event = sampleEvent(options.event, spec, now);
    trial.take({ event, at: now, stream: "", sequence: 1 });
    return trial.result({ seen: 1, isCut: false, until: Number.POSITIVE_INFINITY, shown: 1 });
  }
  const { since = "1d", limit = DEFAULT_SHOWN } = options.past;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_SHOWN) {
    throw new InvalidOptionError("limit", limit, `use 1 to ${MAX_SHOWN}`);
  }
  const from = since instanceof Date ? since.getTime() : now - toMilliseconds(since);
  let seen = 0;
  for await (const event of pastEvents(host, spec, from)) {
    if (seen === MAX_SEEN) return trial.result({ seen, isCut: true, until: now, shown: limit });
    trial.take(event);
    seen++;
  }
  return trial.result({ seen, isCut: false, until: now, shown: limit });
}

export type TriggerTestOptions =
  /** An event, as far as it matters: what is missing of `id`, `source`, `type` and `time` is made up to fit the trigger. */
  { readonly event: unknown } | { readonly past: PastOptions };

export interface PastOptions {
  /** How far back, or from when. Default: a day. */
  readonly since?: Duration | Date;
  /** Most events that are shown, the newest. All count. 1 to 1,000, default 20. */
  readonly limit?: number;
}

export interface TriggerTest {
  readonly trigger: string;
  /** How many events were looked at. */
  readonly seen: number;
  readonly matched: number;
  /** True when there were more than 10,000: only the first of them count. */
  readonly isCut: boolean;
  /** The newest of them, in order. */
  readonly events: readonly TestedEvent[];
  /** In order, the newest 100. */
  readonly firings: readonly TestedFiring[];
  /** How many firings there would have been. */
  readonly fired: number;
}

export interface TestedEvent {
  readonly event: CloudEvent;
  readonly isMatch: boolean;
  /** `other`: it is what `absent` or `with` wait for. */
  readonly role: "on" | "other";
  /** Which condition did not hold, and why. */
  readonly failed?: string;
  readonly reason?: string;
  /** When the condition's expression gave no value. */
  readonly error?: ExpressionError;
  /** By which it belongs together with others. */
  readonly key?: string;
}

export interface TestedFiring {
  readonly at: Date;
  /** The ids of its events. */
  readonly events: readonly string[];
  /** What would be done; nothing when an expression of the action gives no value. */
  readonly action?: ResolvedAction;
  readonly error?: ExpressionError;
}

/** Folds events as the runtime does, all keys in memory. */
class Trial {
  readonly #trigger: CompiledTrigger;
  readonly #shape: ReturnType<typeof shapeOf>;
  readonly #states = new Map<string, ShapeState>();
  readonly #events: TestedEvent[] = [];
  readonly #firings: Fired[] = [];
  #matched = 0;

  constructor(trigger: CompiledTrigger) {
    this.#trigger = trigger;
    this.#shape = shapeOf(trigger.spec);
  }

  take({ event, at, stream, sequence }: PastEvent): void {
    const match = this.#trigger.match(event);
    const other = this.#trigger.matchOther(event);
    const isMatch = match.isMatch || other.isMatch;
    if (isMatch) this.#matched++;
    const role = !match.isMatch && other.isMatch ? "other" : "on";
    const tested = { event, isMatch, role, ...whyNot(isMatch ? other : match, isMatch) } as const;
    if (!isMatch && !this.#isTimed) return this.#note(tested);
    const key = this.#keyOf(event);
    if (key instanceof ExpressionError) {
      return this.#note({ ...tested, isMatch: false, ...whyNot(noKey(key), false) });
    }
    this.#note(key === "" ? tested : { ...tested, key });
    this.#fold(key, {
      id: `${event.source} ${event.id}`,
      at,
      stream,
      sequence,
      isOn: match.isMatch,
      isOther: other.isMatch,
      bytes: JSON.stringify(event).length,
      event,
    });
  }

  result({ seen, isCut, until, shown }: ResultOptions): TriggerTest {
    for (const key of this.#states.keys()) this.#tick(key, until);
    const firings = this.#firings.toSorted((one, other) => one.at - other.at);
    return {
      trigger: this.#trigger.spec.name,
      seen,
      matched: this.#matched,
      isCut,
      events: this.#events.slice(-shown),
      firings: firings.slice(-MAX_FIRINGS).map((firing) => this.#resolved(firing)),
      fired: firings.length,
    };
  }

  /** A run that stays in a state is followed by all its events. */
  get #isTimed(): boolean {
    const { on } = this.#trigger.spec;
    return on.kind === "run" && on.longerThanMs !== undefined;
  }

  #keyOf(event: CloudEvent): string | ExpressionError {
    if (this.#isTimed) return event.subject ?? "";
    try {
      return this.#trigger.keyOf(event);
    } catch (error) {
      if (error instanceof ExpressionError) return error;
      throw error;
    }
  }

  #fold(key: string, event: ShapeEvent): void {
    this.#tick(key, event.at);
    const { state, firings } = this.#shape.fold(this.#states.get(key) ?? EMPTY_SHAPE, event);
    this.#keep(key, state, firings, event.at);
  }

  /** Lets time pass for one key, as far as its own deadlines go. */
  #tick(key: string, until: number): void {
    for (let ticks = 0; ticks < MAX_TICKS; ticks++) {
      const before = this.#states.get(key) ?? EMPTY_SHAPE;
      const deadline = this.#shape.deadline(before);
      if (deadline === undefined || deadline > until) return;
      const { state, firings } = this.#shape.tick(before, deadline);
      this.#keep(key, state, firings, deadline);
    }
  }

  #keep(
    key: string,
    state: ShapeState,
    firings: readonly (readonly ShapeEvent[])[],
    at: number,
  ): void {
    this.#states.set(key, state);
    for (const events of firings) {
      this.#firings.push({ at, events: events.map(({ event }) => event) });
    }
  }

  #resolved({ at, events }: Fired): TestedFiring {
    const firing = { at: new Date(at), events: events.map(({ id }) => id) };
    try {
      return { ...firing, action: this.#trigger.resolve(events) };
    } catch (error) {
      if (error instanceof ExpressionError) return { ...firing, error };
      throw error;
    }
  }

  #note(tested: TestedEvent): void {
    this.#events.push(tested);
    // Not more than can be shown is kept.
    if (this.#events.length > 2 * MAX_SHOWN) this.#events.splice(0, MAX_SHOWN);
  }
}

interface Fired {
  readonly at: number;
  readonly events: readonly CloudEvent[];
}

interface ResultOptions {
  readonly seen: number;
  readonly isCut: boolean;
  readonly until: number;
  readonly shown: number;
}

function whyNot(
  match: Match,
  isMatch: boolean,
): { readonly failed?: string; readonly reason?: string; readonly error?: ExpressionError } {
  if (isMatch || match.isMatch) return {};
  const { failed, reason, error } = match;
  return { failed, reason, ...(error === undefined ? {} : { error }) };
}

function noKey(error: ExpressionError): Match {
  return { isMatch: false, failed: "shape.by", reason: error.message, error };
}

const DEFAULT_SHOWN = 20;
const MAX_SHOWN = 1_000;
const MAX_SEEN = 10_000;
const MAX_FIRINGS = 100;
/** A shape that has been told all it can be told. */
const MAX_TICKS = 1_000;
