import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { Members, type Read } from "../engine/members.ts";
import { TriggerInvalidError } from "../engine/trigger-errors.ts";
import type { TriggerSpec } from "../engine/trigger-spec.ts";
import { parseTriggerSpec } from "../expressions/parse-trigger-spec.ts";

/**
 * The spec of a trigger in the words of `trigger()`, or in its own: what code, files and requests bring is read by this one
 * function, and nothing in it is passed over.
 * @throws {@link TriggerInvalidError}
 */
export function triggerSpecOf(value: unknown): TriggerSpec {
  const members = new Members(value, "", refuse);
  const isSpec = members.maybe("on", (on) => typeof on === "object" && on !== null && "kind" in on);
  if (isSpec === true) return parseTriggerSpec(value);
  const raw = {
    name: members.take("name", asItIs),
    on: members.take("on", source),
    when: members.maybe("when", condition),
    shape: shapeIn(members),
    action: members.take("action", action),
    limits: members.maybe("limits", asItIs),
  };
  members.close();
  return parseTriggerSpec(raw);
}

/** What the spec's own parser looks at: it says the same, with its path. */
const asItIs: Read<unknown> = (value) => value;

function refuse(path: string, rule: string): never {
  throw new TriggerInvalidError(path, rule);
}

const source: Read<unknown> = (value, path) => {
  if (typeof value === "string" || Array.isArray(value)) return sourceOfNames(list(value), path);
  const members = new Members(value, path, refuse);
  const read = (): unknown => {
    const run = members.maybe("run", list);
    if (run !== undefined) {
      const longerThanMs = members.maybe("longerThan", duration);
      return { kind: "run", statuses: run, longerThanMs };
    }
    const types = members.maybe("event", list);
    if (types !== undefined) return { kind: "event", types };
    const subject = members.maybe("subject", asItIs);
    const stream = members.maybe("stream", asItIs);
    const from = members.maybe("from", asItIs);
    if (stream !== undefined) return { kind: "stream", stream, subject, from };
    if (subject !== undefined) return { kind: "subject", subject, from };
    return refuse(path, "say run, event, subject or stream");
  };
  const found = read();
  members.close();
  return found;
};

function sourceOfNames(names: readonly unknown[], path: string): unknown {
  const ofRuns = names.flatMap((name) =>
    typeof name === "string" && name.startsWith(OF_RUNS) ? [name.slice(OF_RUNS.length)] : [],
  );
  if (ofRuns.length === 0) return { kind: "event", types: names };
  if (ofRuns.length === names.length) return { kind: "run", statuses: ofRuns };
  return refuse(path, "run events and others need a trigger each");
}

const condition: Read<unknown> = (value, path) => {
  const members = new Members(value, path, refuse);
  const found = {
    flows: members.maybe("flow", (flows) => list(flows).map(nameOf)),
    allTags: members.maybe("tags", asItIs),
    anyTags: members.maybe("anyTag", asItIs),
    expression: members.maybe("if", asItIs),
  };
  members.close();
  return found;
};

function shapeIn(members: Members): unknown {
  const given = SHAPES.flatMap(([name, read]) => members.maybe(name, closed(read)) ?? []);
  if (given.length > 1) refuse("shape", "a trigger has one shape at most");
  return given[0];
}

type ReadShape = (members: Members) => object;

const by = (members: Members): object => ({ by: members.maybe("by", asItIs) });
const within = (members: Members): object => ({ withinMs: members.take("within", duration) });
const when = (members: Members): object => ({ when: members.maybe("when", condition) });

const SHAPES: readonly (readonly [string, ReadShape])[] = [
  [
    "debounce",
    (of) => ({
      kind: "debounce",
      ...by(of),
      quietMs: of.take("quiet", duration),
      maxWaitMs: of.maybe("maxWait", duration),
    }),
  ],
  [
    "throttle",
    (of) => ({
      kind: "throttle",
      ...by(of),
      limit: of.take("limit", asItIs),
      perMs: of.take("per", duration),
    }),
  ],
  ["batch", (of) => ({ kind: "batch", ...by(of), size: of.take("size", asItIs), ...within(of) })],
  ["after", (of) => ({ kind: "after", ...by(of), count: of.take("count", asItIs), ...within(of) })],
  [
    "absent",
    (of) => ({
      kind: "absent",
      ...by(of),
      expected: of.take("on", source),
      ...when(of),
      ...within(of),
    }),
  ],
  [
    "with",
    (of) => ({ kind: "both", ...by(of), other: of.take("on", source), ...when(of), ...within(of) }),
  ],
];

const action: Read<unknown> = (value, path) => {
  if (typeof value === "string") return { kind: value };
  const members = new Members(value, path, refuse);
  for (const [name, read] of ACTIONS) {
    if (members.maybe(name, asItIs) === undefined) continue;
    const found = read(members);
    members.close();
    return found;
  }
  return refuse(path, `say ${ACTIONS.map(([name]) => name).join(", ")}`);
};

const run = (of: Members, name: string): object => ({ runExpression: of.take(name, asItIs) });
const reason = (of: Members): object => ({ reason: of.maybe("reason", asItIs) });

const ACTIONS: readonly (readonly [string, ReadShape])[] = [
  [
    "submit",
    (of) => {
      const home = of.take("submit", homeOf);
      return {
        kind: "submit",
        flow: of.take("submit", nameOf),
        inputExpression: of.maybe("input", asItIs),
        keyExpression: of.maybe("key", asItIs),
        tags: of.maybe("tags", asItIs),
        queue: of.maybe("queue", asItIs) ?? home.queue,
      };
    },
  ],
  [
    "resubmit",
    (of) =>
      of.take(
        "resubmit",
        closed((details) => ({
          kind: "resubmit",
          runExpression: details.maybe("run", asItIs),
          times: details.take("times", asItIs),
        })),
      ),
  ],
  [
    "signal",
    (of) => ({
      kind: "signal",
      signal: of.take("signal", nameOf),
      ...run(of, "run"),
      valueExpression: of.maybe("value", asItIs),
    }),
  ],
  ["cancel", (of) => ({ kind: "cancel", ...run(of, "cancel"), ...reason(of) })],
  [
    "cancelChildren",
    (of) => ({ kind: "cancel-children", ...run(of, "cancelChildren"), ...reason(of) }),
  ],
  ["resume", (of) => ({ kind: "resume", ...run(of, "resume") })],
  ["terminate", (of) => ({ kind: "terminate", ...run(of, "terminate"), ...reason(of) })],
  [
    "webhook",
    (of) => ({
      kind: "webhook",
      webhook: of.take("webhook", asItIs),
      bodyExpression: of.maybe("body", asItIs),
    }),
  ],
  [
    "publish",
    (of) => ({
      kind: "publish",
      subject: of.take("publish", asItIs),
      dataExpression: of.maybe("data", asItIs),
    }),
  ],
];

function closed(read: ReadShape): Read<object> {
  return (value, path) => {
    const members = new Members(value, path, refuse);
    const found = read(members);
    members.close();
    return found;
  };
}

const duration: Read<number> = (value, path) => {
  try {
    return toMilliseconds(value as Duration);
  } catch {
    return refuse(path, 'use milliseconds, or text such as "250ms", "10s", "5m", "2h", "3d"');
  }
};

/** A flow's queue where it is not the one of its name. */
function homeOf(value: unknown): { readonly queue?: unknown } {
  const isElsewhere = isNamed(value) && "queue" in value && value.queue !== value.name;
  return isElsewhere ? { queue: value.queue } : {};
}

/** A flow, task or signal stands for its name. */
function nameOf(value: unknown): unknown {
  return isNamed(value) ? value.name : value;
}

function isNamed(value: unknown): value is { readonly name: unknown } {
  return typeof value === "object" && value !== null && "name" in value;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

const OF_RUNS = "run.";
