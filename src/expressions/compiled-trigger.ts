import type { CloudEvent, RunEventData } from "../engine/cloud-event.ts";
import { RUN_TYPES, typeMatches } from "../engine/event-type.ts";
import { ExpressionError } from "../engine/expression-error.ts";
import type { ResolvedAction } from "../engine/resolved-action.ts";
import { parseRunId, runRef } from "../engine/run-id.ts";
import type {
  TriggerAction,
  TriggerCondition,
  TriggerShape,
  TriggerSource,
  TriggerSpec,
} from "../engine/trigger-spec.ts";
import { type CompiledExpression, compileExpression, type ExpressionVariable } from "./cel.ts";

/**
 * A trigger with its expressions compiled: what its runtime and its dry run ask about events. Pure: no clock, no state.
 * @throws {@link ExpressionError}
 */
export function compileTrigger(spec: TriggerSpec): CompiledTrigger {
  const shape = spec.shape ?? { kind: "each" };
  const main = compileSide(spec.on, spec.when);
  const other = otherSide(shape);
  const by = "by" in shape && shape.by !== undefined ? compiled(shape.by, OF_EVENT) : undefined;
  const resolve = compileAction(spec.action, shape);
  return {
    spec,
    match: main,
    matchOther: other === undefined ? () => NO_OTHER : compileSide(other.on, other.when),
    keyOf: (event) => (by === undefined ? "" : keyIn(by, { ...valuesOf(event) })),
    resolve,
  };
}

export interface CompiledTrigger {
  readonly spec: TriggerSpec;
  /** Whether an event is one of those that it acts on. Never throws: an expression that fails counts as false, and says so. */
  match(event: CloudEvent): Match;
  /** The same of the expected event of `absent` and the other one of `both`. */
  matchOther(event: CloudEvent): Match;
  /**
   * The key by which events belong together, as text; empty without `by`.
   * @throws {@link ExpressionError}
   */
  keyOf(event: CloudEvent): string;
  /**
   * What a firing does. `events`: those of the firing in order, for `both` first that of `on`. In expressions `event` stands for the
   * last of them, for `both` for the first.
   * @throws {@link ExpressionError}
   */
  resolve(events: readonly CloudEvent[]): ResolvedAction;
}

export type Match =
  | { readonly isMatch: true }
  | {
      readonly isMatch: false;
      /** What did not fit, such as `when.flows`. */
      readonly failed:
        | "on"
        | "when.flows"
        | "when.allTags"
        | "when.anyTags"
        | "when.expression"
        | "shape.by";
      /** For people. */
      readonly reason: string;
      /** When the expression gave no value at all. */
      readonly error?: ExpressionError;
    };

/** What expressions about one event may use, and those about a firing. */
export const OF_EVENT: readonly ExpressionVariable[] = ["event", "run"];
export const OF_FIRING: readonly ExpressionVariable[] = ["event", "run", "events"];

const MATCH: Match = { isMatch: true };
const NO_OTHER: Match = { isMatch: false, failed: "on", reason: "It waits for no other event" };

interface Side {
  readonly on: TriggerSource;
  readonly when: TriggerCondition | undefined;
}

function otherSide(shape: TriggerShape): Side | undefined {
  if (shape.kind === "absent") return { on: shape.expected, when: shape.when };
  return shape.kind === "both" ? { on: shape.other, when: shape.when } : undefined;
}

function compileSide(
  source: TriggerSource,
  when: TriggerCondition = {},
): (event: CloudEvent) => Match {
  const { flows, allTags, anyTags, expression } = when;
  const condition = expression === undefined ? undefined : compiled(expression, OF_EVENT);
  return (event) => {
    const refused = refusalBy(source, event);
    if (refused !== undefined) return no("on", refused);
    const { flow, tags } = runIn(event);
    if (flows !== undefined && !flows.includes(flow ?? "")) {
      return no("when.flows", `Its flow ${flow ?? "(none)"} is not one of ${flows.join(", ")}`);
    }
    const has = new Set(Array.isArray(tags) ? tags : []);
    const missing = (allTags ?? []).filter((tag) => !has.has(tag));
    if (missing.length > 0) return no("when.allTags", `It lacks the tag ${missing.join(", ")}`);
    if (anyTags !== undefined && !anyTags.some((tag) => has.has(tag))) {
      return no("when.anyTags", `It has none of the tags ${anyTags.join(", ")}`);
    }
    return condition === undefined ? MATCH : evaluated(condition, event);
  };
}

function evaluated(condition: CompiledExpression, event: CloudEvent): Match {
  try {
    const value = condition.evaluate(valuesOf(event));
    if (value === true) return MATCH;
    if (value === false) return no("when.expression", "The expression is false");
    throw wrong(condition, "A condition gives true or false", value);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { ...no("when.expression", error.message), error };
  }
}

function no(
  failed: Extract<Match, { readonly isMatch: false }>["failed"],
  reason: string,
): Extract<Match, { readonly isMatch: false }> {
  return { isMatch: false, failed, reason };
}

/** Why an event does not come from a source, or nothing. Of streams and subjects its consumer has made sure. */
function refusalBy(source: TriggerSource, event: CloudEvent): string | undefined {
  switch (source.kind) {
    case "run": {
      if (!event.type.startsWith(RUN_TYPES)) return `It is no run event but ${event.type}`;
      const status = runIn(event).status ?? event.type.slice(RUN_TYPES.length);
      if (source.statuses.includes(status)) return undefined;
      return `The run is ${status}, not ${source.statuses.join(" or ")}`;
    }
    case "event":
      return source.types.some((type) => typeMatches(type, event.type))
        ? undefined
        : `Its type ${event.type} is not ${source.types.join(" or ")}`;
    case "subject":
    case "stream":
      return undefined;
  }
}

function runIn(event: CloudEvent): Partial<RunEventData> {
  const { data, type } = event as CloudEvent<Partial<RunEventData> | null | undefined>;
  return type.startsWith(RUN_TYPES) && isObject(data) ? data : {};
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function valuesOf(event: CloudEvent): Pick<Values, "event" | "run"> {
  return { event, run: runIn(event) };
}

/** What expressions about a firing are evaluated with. */
interface Values extends Readonly<Record<string, unknown>> {
  readonly event: CloudEvent;
  readonly run: Partial<RunEventData>;
  readonly events: readonly CloudEvent[];
}

function keyIn(by: CompiledExpression, values: Readonly<Record<string, unknown>>): string {
  const key = by.evaluate(values);
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "boolean") return String(key);
  throw wrong(by, "A key is text, a number or a boolean", key);
}

/** Shapes whose firings are about all of their events. */
function gathers({ kind }: TriggerShape): boolean {
  return kind === "batch" || kind === "after" || kind === "both";
}

type Resolve = CompiledTrigger["resolve"];
type Value<T = unknown> = (values: Values) => T;

function compileAction(action: TriggerAction, shape: TriggerShape): Resolve {
  const of = partOf(action, gathers(shape));
  return (events) => {
    const event = shape.kind === "both" ? events[0] : events.at(-1);
    if (event === undefined) throw new RangeError("A firing has at least one event.");
    return of({ ...valuesOf(event), events });
  };
}

function partOf(action: TriggerAction, isGathering: boolean): Value<ResolvedAction> {
  const allOrOne: Value = ({ event, events }) => (isGathering ? events : event);
  switch (action.kind) {
    case "submit": {
      const { kind, flow, tags, queue, inputExpression, keyExpression } = action;
      const input = valueOr(inputExpression, ({ event, events }) =>
        isGathering ? events.map(({ data }) => data) : event.data,
      );
      const key = keyExpression === undefined ? undefined : keyOf(keyExpression, flow);
      const rest = {
        ...(tags === undefined ? {} : { tags }),
        ...(queue === undefined ? {} : { queue }),
      };
      return (values) => ({
        kind,
        flow,
        input: input(values),
        ...(key === undefined ? {} : { key: key(values) }),
        ...rest,
      });
    }
    case "resubmit": {
      const run = runOf(action.runExpression);
      return (values) => ({ kind: action.kind, run: run(values), times: action.times });
    }
    case "signal": {
      const run = runOf(action.runExpression);
      const value = valueOr(action.valueExpression, () => undefined);
      const { kind, signal } = action;
      return (values) => ({ kind, run: run(values), signal, value: value(values) });
    }
    case "cancel":
    case "cancel-children":
    case "terminate": {
      const run = runOf(action.runExpression);
      const { kind, reason } = action;
      return (values) => ({ kind, run: run(values), ...(reason === undefined ? {} : { reason }) });
    }
    case "resume": {
      const run = runOf(action.runExpression);
      return (values) => ({ kind: action.kind, run: run(values) });
    }
    case "webhook": {
      const body = valueOr(action.bodyExpression, allOrOne);
      return (values) => ({ kind: action.kind, webhook: action.webhook, body: body(values) });
    }
    case "publish": {
      const body = valueOr(action.dataExpression, allOrOne);
      return (values) => ({ kind: action.kind, subject: action.subject, data: body(values) });
    }
  }
}

function valueOr(expression: string | undefined, otherwise: Value): Value {
  if (expression === undefined) return otherwise;
  const value = compiled(expression, OF_FIRING);
  return (values) => value.evaluate(values);
}

/** A run's id. Default: of the run that the event is about. */
function runOf(expression = "run.run"): Value<string> {
  const id = compiled(expression, OF_FIRING);
  return (values) => {
    const value = id.evaluate(values);
    try {
      return parseRunId(String(value)).id;
    } catch (error) {
      throw wrong(id, "It gives a run's id, <flow>:<key>", value, error);
    }
  };
}

function keyOf(expression: string, flow: string): Value<string> {
  const by = compiled(expression, OF_FIRING);
  return (values) => {
    const key = keyIn(by, values);
    try {
      return runRef(flow, key).key;
    } catch (error) {
      throw wrong(by, "A key has 1 to 128 bytes without control characters", key, error);
    }
  };
}

function compiled(
  expression: string,
  variables: readonly ExpressionVariable[],
): CompiledExpression {
  return compileExpression(expression, { variables });
}

function wrong(
  { text }: CompiledExpression,
  rule: string,
  value: unknown,
  cause?: unknown,
): ExpressionError {
  const shown = JSON.stringify(value) ?? "nothing";
  const reason = `${rule}, not ${shown.length > 60 ? `${shown.slice(0, 57)}…` : shown}`;
  const trouble = { problem: "wrong-result", reason, at: 0, length: text.length } as const;
  return new ExpressionError(text, trouble, { cause });
}
