import { isTypePattern, RUN_TYPES } from "../engine/event-type.ts";
import { ExpressionError } from "../engine/expression-error.ts";
import { Members, type Read } from "../engine/members.ts";
import { checkStepName, isPrintable, isToken } from "../engine/names.ts";
import { RUN_STATUSES } from "../engine/run-status.ts";
import { TriggerInvalidError } from "../engine/trigger-errors.ts";
import type {
  TriggerAction,
  TriggerCondition,
  TriggerLimits,
  TriggerShape,
  TriggerSource,
  TriggerSpec,
} from "../engine/trigger-spec.ts";
import { compileExpression, type ExpressionVariable } from "./cel.ts";
import { OF_EVENT, OF_FIRING } from "./compiled-trigger.ts";

/**
 * Checks a trigger that came from outside: everything in it, and its expressions are compiled. What it gives has its members in an
 * order of its own, so that two equal specs are the same JSON.
 * @throws {@link TriggerInvalidError}
 */
export function parseTriggerSpec(value: unknown): TriggerSpec {
  const members = new Members(value, "", refuse);
  const name = members.take("name", token);
  const on = members.take("on", source);
  const spec: TriggerSpec = {
    name,
    on,
    ...members.part("when", (when, path) => condition(when, path, on)),
    ...members.part("shape", shape),
    action: members.take("action", (part, path) => action(part, path, on)),
    ...members.part("limits", limits),
  };
  members.close();
  const kind = spec.shape?.kind ?? "each";
  if (on.kind === "run" && on.longerThanMs !== undefined && kind !== "each") {
    refuse("shape", `what lasts longer than a while fires each for itself: leave ${kind} out`);
  }
  if (JSON.stringify(spec).length > MAX_SPEC) refuse("", `it may have ${MAX_SPEC} characters`);
  return spec;
}

function source(value: unknown, path: string): TriggerSource {
  const members = new Members(value, path, refuse);
  const kind = members.take("kind", oneOf(SOURCES));
  const read = (): TriggerSource => {
    switch (kind) {
      case "run":
        return {
          kind,
          statuses: members.take("statuses", listOf(oneOf(RUN_STATUSES), 1, RUN_STATUSES.length)),
          ...members.part("longerThanMs", duration),
        };
      case "event":
        return { kind, types: members.take("types", listOf(eventType, 1, 32)) };
      case "subject":
        return {
          kind,
          subject: members.take("subject", filter),
          from: members.maybe("from", oneOf(BEGINNINGS)) ?? "now",
        };
      case "stream":
        return {
          kind,
          stream: members.take("stream", streamName),
          ...members.part("subject", filter),
          from: members.maybe("from", oneOf(BEGINNINGS)) ?? "now",
        };
    }
  };
  const found = read();
  members.close();
  return found;
}

function condition(value: unknown, path: string, on: TriggerSource): TriggerCondition {
  const members = new Members(value, path, refuse);
  const found: TriggerCondition = {
    ...members.part("flows", listOf(token, 1, 100)),
    ...members.part("allTags", listOf(tag, 1, 32)),
    ...members.part("anyTags", listOf(tag, 1, 32)),
    ...members.part("expression", expression(OF_EVENT, ["bool"])),
  };
  members.close();
  for (const name of ["flows", "allTags", "anyTags"] as const) {
    if (on.kind === "run" || found[name] === undefined) continue;
    refuse(`${path}.${name}`, "only run events have flows and tags: use the expression");
  }
  return found;
}

function shape(value: unknown, path: string): TriggerShape {
  const members = new Members(value, path, refuse);
  const kind = members.take("kind", oneOf(SHAPES));
  const by = (): { readonly by?: string } => members.part("by", expression(OF_EVENT, KEY_TYPES));
  const withinMs = (): { readonly withinMs: number } => ({
    withinMs: members.take("withinMs", duration),
  });
  const second = (name: "expected" | "other"): TriggerSource =>
    members.take(name, (part, at) => {
      const found = source(part, at);
      if (found.kind !== "run" || found.longerThanMs === undefined) return found;
      return refuse(`${at}.longerThanMs`, "only what a trigger is on can be waited for so");
    });
  const read = (): TriggerShape => {
    switch (kind) {
      case "each":
        return { kind };
      case "debounce": {
        const quietMs = members.take("quietMs", duration);
        const longest = members.part("maxWaitMs", duration);
        if ((longest.maxWaitMs ?? quietMs) < quietMs) {
          refuse(`${path}.maxWaitMs`, `it is at least quietMs, ${quietMs}`);
        }
        return { kind, ...by(), quietMs, ...longest };
      }
      case "throttle":
        return {
          kind,
          ...by(),
          limit: members.take("limit", count(1, MAX_THROTTLED)),
          perMs: members.take("perMs", duration),
        };
      case "batch":
        return { kind, ...by(), size: members.take("size", count(1, MAX_GATHERED)), ...withinMs() };
      case "after":
        return {
          kind,
          ...by(),
          count: members.take("count", count(1, MAX_GATHERED)),
          ...withinMs(),
        };
      case "absent": {
        const expected = second("expected");
        const when = members.part("when", (part, at) => condition(part, at, expected));
        return { kind, ...by(), expected, ...when, ...withinMs() };
      }
      case "both": {
        const other = second("other");
        const when = members.part("when", (part, at) => condition(part, at, other));
        return { kind, ...by(), other, ...when, ...withinMs() };
      }
    }
  };
  const found = read();
  members.close();
  return found;
}

function action(value: unknown, path: string, on: TriggerSource): TriggerAction {
  const members = new Members(value, path, refuse);
  const kind = members.take("kind", oneOf(ACTIONS));
  const anyValue = expression(OF_FIRING);
  const run = (): { readonly runExpression?: string } => {
    const found = members.part("runExpression", expression(OF_FIRING, ["string"]));
    if (found.runExpression !== undefined || on.kind === "run") return found;
    return refuse(`${path}.runExpression`, "say which run: these events are not about one");
  };
  const reason = (): { readonly reason?: string } => members.part("reason", text(1_000));
  const read = (): TriggerAction => {
    switch (kind) {
      case "submit":
        return {
          kind,
          flow: members.take("flow", token),
          ...members.part("inputExpression", anyValue),
          ...members.part("keyExpression", expression(OF_FIRING, KEY_TYPES)),
          ...members.part("tags", listOf(tag, 1, 32)),
          ...members.part("queue", token),
        };
      case "resubmit":
        return { kind, ...run(), times: members.take("times", count(1, 100)) };
      case "signal":
        return {
          kind,
          signal: members.take("signal", signalName),
          runExpression: members.take("runExpression", expression(OF_FIRING, ["string"])),
          ...members.part("valueExpression", anyValue),
        };
      case "cancel":
      case "cancel-children":
      case "terminate":
        return { kind, ...run(), ...reason() };
      case "resume":
        return { kind, ...run() };
      case "webhook":
        return {
          kind,
          webhook: members.take("webhook", token),
          ...members.part("bodyExpression", anyValue),
        };
      case "publish":
        return {
          kind,
          subject: members.take("subject", publishable),
          ...members.part("dataExpression", anyValue),
        };
    }
  };
  const found = read();
  members.close();
  return found;
}

function limits(value: unknown, path: string): TriggerLimits {
  const members = new Members(value, path, refuse);
  const found = {
    ...members.part("perMinute", count(1, 1_000_000)),
    ...members.part("depth", count(1, 32)),
  };
  members.close();
  return found;
}

const SOURCES = ["run", "event", "subject", "stream"] as const;
const SHAPES = ["each", "debounce", "throttle", "batch", "after", "absent", "both"] as const;
const ACTIONS = [
  "submit",
  "resubmit",
  "signal",
  "cancel",
  "cancel-children",
  "resume",
  "terminate",
  "webhook",
  "publish",
] as const;
const BEGINNINGS = ["now", "beginning"] as const;
const KEY_TYPES = ["string", "int", "uint", "double", "bool"] as const;
/** What a firing can be made of. */
const MAX_GATHERED = 1_000;
/** Each is remembered in one record. */
const MAX_THROTTLED = 10_000;
const MAX_SPEC = 65_536;
/** A year: what waits longer than that is better kept by a run. */
const LONGEST_MS = 366 * 86_400_000;

function refuse(path: string, rule: string): never {
  throw new TriggerInvalidError(path, rule);
}

function oneOf<const T extends string>(known: readonly T[]): Read<T> {
  return (value, path) =>
    known.find((one) => one === value) ?? refuse(path, `it is one of ${known.join(", ")}`);
}

function listOf<T>(read: Read<T>, least: number, most: number): Read<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      return refuse(path, `give a list of ${least} to ${most}`);
    }
    return value.map((one, at) => read(one, `${path}[${at}]`));
  };
}

function count(least: number, most: number): Read<number> {
  return (value, path) => {
    const isCount = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
    return isCount ? Number(value) : refuse(path, `it is a whole number from ${least} to ${most}`);
  };
}

const duration: Read<number> = (value, path) => {
  const isWhole = Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_MS;
  return isWhole ? Number(value) : refuse(path, "it is whole milliseconds, from 1 to a year's");
};

function text(longest: number): Read<string> {
  return (value, path) =>
    typeof value === "string" && value !== "" && value.length <= longest && isPrintable(value)
      ? value
      : refuse(path, `use 1 to ${longest} characters without control characters`);
}

const tag = text(256);

const token: Read<string> = (value, path) =>
  isToken(value) ? value : refuse(path, "use 1 to 128 letters, digits, _ or -");

const signalName: Read<string> = (value, path) => {
  try {
    return checkStepName(value);
  } catch {
    return refuse(path, "a signal's name has 1 to 128 characters without # and control characters");
  }
};

const eventType: Read<string> = (value, path) => {
  if (!isTypePattern(value)) {
    return refuse(
      path,
      "a type is tokens with dots between; * is any token, > at the end the rest",
    );
  }
  return value.startsWith(RUN_TYPES) ? refuse(path, 'for run events say { kind: "run" }') : value;
};

/** A stream of the user's: the broker allows much, but no spaces, dots, wildcards and path separators. */
const streamName: Read<string> = (value, path) => {
  if (typeof value !== "string" || !/^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(value)) {
    return refuse(path, "a stream's name has no spaces, dots, * > / and \\");
  }
  // What a trigger acks in the ingress is gone for those whom it was for.
  return /^MR_(?!.*_(?:events|captured)$)/.test(value)
    ? refuse(path, "of Millrace's own streams only events and captured are for triggers")
    : value;
};

const filter: Read<string> = (value, path) => {
  const subject = subjectAt(value, path, true);
  const [first = "", namespace = "", kind] = subject.split(".");
  if (first === "*" || first === ">") return refuse(path, "its first token is no wildcard");
  // What is submitted, signalled and cancelled is taken away by whoever reads it.
  const isOurs = first === "millrace" && (kind !== "events" || /[*>]/.test(namespace));
  return isOurs
    ? refuse(path, "below millrace only millrace.<namespace>.events is for triggers")
    : subject;
};

const publishable: Read<string> = (value, path) => {
  const subject = subjectAt(value, path, false);
  return /^millrace\.[^.]+\.events(\.|$)/.test(subject)
    ? refuse(path, "only events stand there: submit a flow that emits one")
    : subject;
};

function subjectAt(value: unknown, path: string, withWildcards: boolean): string {
  if (typeof value !== "string" || value.length > 512 || !/^[^\s\p{Cc}]+$/u.test(value)) {
    return refuse(path, "a subject has 1 to 512 characters without spaces");
  }
  const tokens = value.split(".");
  if (tokens.includes("")) return refuse(path, "a subject has no empty tokens");
  const isLiteral = tokens.every((one) => !/[*>]/.test(one));
  if (!isLiteral && !withWildcards) return refuse(path, "wildcards are for reading only");
  const isWhole = tokens.every((one, at) => isWildcardRight(one, at === tokens.length - 1));
  if (!isWhole) return refuse(path, "a wildcard is a token of its own, > the last one");
  const [first = ""] = tokens;
  return first.startsWith("$") || OWN.has(first)
    ? refuse(path, `subjects of ${first} are for the broker and Millrace alone`)
    : value;
}

const OWN: ReadonlySet<string> = new Set(["mr", "mrlive", "mrapi", "_INBOX"]);

function isWildcardRight(part: string, isLast: boolean): boolean {
  return part === "*" || (part === ">" && isLast) || !/[*>]/.test(part);
}

/** CEL that gives one of these types, as far as can be told without an event. */
function expression(
  variables: readonly ExpressionVariable[],
  types?: readonly string[],
): Read<string> {
  return (value, path) => {
    try {
      const { text: checked, type } = compileExpression(value as string, { variables });
      if (types === undefined || type.startsWith("dyn") || types.includes(type)) return checked;
      return refuse(path, `it gives ${type}, and has to give ${types.join(" or ")}`);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new TriggerInvalidError(path, error.message, error);
    }
  };
}
