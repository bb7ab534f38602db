import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { readIsoTime } from "../engine/moment.ts";
import { checkToken } from "../engine/names.ts";
import { checkQueueName } from "../engine/priority.ts";
import type { CatchUp, Overlap, ScheduleSpec, ScheduleTiming } from "../engine/schedule-spec.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { checkCron, checkTimeZone } from "../expressions/cron.ts";
import { checkTags } from "./submit-options.ts";

/**
 * Reads a schedule that somebody wrote as JSON: in the words of `schedule()` (`cron` and `timeZone`, or `every` and `from`;
 * `catchUp`; `jitter`), or as it is shown (`timing`, `jitterMs`).
 * @throws {@link InvalidOptionError}, {@link InvalidNameError} or {@link InvalidDurationError} that names the field.
 */
export function parseScheduleSpec(written: unknown): ScheduleSpec {
  const fields = objectOf("schedule", written, FIELDS);
  const name = checkToken("A schedule's name", fields["name"]);
  if (name.length > MAX_NAME) {
    throw new InvalidOptionError("name", name, `use at most ${MAX_NAME} characters`);
  }
  const flow = checkToken("A flow's name", fields["flow"]);
  const timing = timingOf(fields);
  const { input, tags, queue } = fields;
  if (input !== undefined) checkJson("input", input, 0);
  return {
    name,
    flow,
    timing,
    ...(input === undefined ? {} : { input }),
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    // A flow's own queue has its name, unless somebody says otherwise.
    ...(queue === undefined || queue === flow
      ? {}
      : { queue: checkQueueName(textOf("queue", queue)) }),
    catchUp: catchUpOf(fields["catchUp"] ?? {}),
    overlap: oneOf("overlap", fields["overlap"] ?? "allow", OVERLAPS),
    jitterMs: jitterOf(fields, timing),
  };
}

const FIELDS = [
  "name",
  "flow",
  "timing",
  "cron",
  "timeZone",
  "every",
  "from",
  "input",
  "tags",
  "queue",
  "catchUp",
  "overlap",
  "jitter",
  "jitterMs",
] as const;

const CATCH_UPS: readonly CatchUp["mode"][] = Object.freeze(["skip", "latest", "all"]);
const OVERLAPS: readonly Overlap[] = Object.freeze(["allow", "skip", "queue", "cancel-previous"]);

/** The key of a run is the name and the due time, and has 128 characters at most. */
const MAX_NAME = 100;
const MAX_CATCH_UP = 1_000;
const DAY_MS = 86_400_000;
/** Where intervals are counted to: 100 years. */
const LONGEST_MS = 100 * 365 * DAY_MS;

function timingOf(fields: Fields): ScheduleTiming {
  const { timing, cron, timeZone, every, from } = fields;
  const given = [timing, cron, every].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new InvalidOptionError("cron", cron, "give cron or every: one of them");
  }
  if (timing !== undefined) return storedTiming(timing);
  if (every !== undefined) {
    refuse("timeZone", timeZone, "an interval has none");
    return intervalOf("every", durationOf("every", every), from);
  }
  refuse("from", from, "it belongs to every");
  return cronOf("", cron, timeZone);
}

/** As {@link ScheduleTiming} says it. */
function storedTiming(written: unknown): ScheduleTiming {
  const fields = objectOf("timing", written, ["kind", "cron", "timeZone", "everyMs", "from"]);
  const { kind, cron, timeZone, everyMs, from } = fields;
  if (kind === "cron") return cronOf("timing.", cron, timeZone);
  if (kind === "interval") {
    return intervalOf("timing.everyMs", durationOf("timing.everyMs", everyMs), from);
  }
  throw new InvalidOptionError("timing.kind", kind, "use cron or interval");
}

function cronOf(path: string, cron: unknown, timeZone: unknown = "UTC"): ScheduleTiming {
  const zone = textOf(`${path}timeZone`, timeZone);
  checkTimeZone(zone);
  const text = textOf(`${path}cron`, cron).trim();
  checkCron(text, zone);
  return { kind: "cron", cron: text, timeZone: zone };
}

function intervalOf(path: string, everyMs: number, from: unknown = 0): ScheduleTiming {
  if (everyMs < 1_000 || everyMs > LONGEST_MS) {
    throw new InvalidOptionError(path, everyMs, "use 1s to 100 years");
  }
  const start = typeof from === "string" ? readIsoTime(from)?.from : Number(from);
  const isTime = typeof from === "string" || typeof from === "number" || from instanceof Date;
  if (!isTime || start === undefined || !(start >= 0 && start <= 8.64e15)) {
    throw new InvalidOptionError("from", from, "give a time such as 2026-05-04T12:30:00Z");
  }
  return { kind: "interval", everyMs, from: Math.ceil(start) };
}

function catchUpOf(written: unknown): CatchUp {
  const fields =
    typeof written === "string"
      ? { mode: written }
      : objectOf("catchUp", written, ["mode", "limit", "grace", "graceMs"]);
  const { mode = "latest", limit = 100, grace, graceMs }: Fields = fields;
  if (!(Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= MAX_CATCH_UP)) {
    throw new InvalidOptionError("catchUp.limit", limit, `use 1 to ${MAX_CATCH_UP}`);
  }
  const late = durationOf("catchUp.grace", grace ?? graceMs ?? 60_000);
  if (late < 1_000) throw new InvalidOptionError("catchUp.grace", grace, "use 1s or more");
  return {
    mode: oneOf("catchUp", mode, CATCH_UPS),
    limit: Number(limit),
    graceMs: late,
  };
}

function jitterOf({ jitter, jitterMs }: Fields, timing: ScheduleTiming): number {
  const ms = durationOf("jitter", jitter ?? jitterMs ?? 0);
  const most = timing.kind === "interval" ? Math.min(DAY_MS, timing.everyMs) : DAY_MS;
  if (ms <= most) return ms;
  throw new InvalidOptionError(
    "jitter",
    jitter ?? jitterMs,
    "use at most a day, and no more than every",
  );
}

function tagsOf(tags: unknown): readonly string[] {
  if (!Array.isArray(tags)) throw new InvalidOptionError("tags", tags, "give a list of texts");
  // One more is added to each run.
  if (tags.length > MAX_TAGS)
    throw new InvalidOptionError("tags", tags.length, `give at most ${MAX_TAGS}`);
  return checkTags(tags);
}

const MAX_TAGS = 63;

type Fields = Readonly<Record<string, unknown>>;

function objectOf(path: string, value: unknown, known: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidOptionError(path, value, "give an object");
  }
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  if (stranger === undefined) return value as Fields;
  const where = path === "schedule" ? stranger : `${path}.${stranger}`;
  throw new InvalidOptionError(where, (value as Fields)[stranger], `there is ${known.join(", ")}`);
}

function textOf(path: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new InvalidOptionError(path, value, "give text");
}

function durationOf(path: string, value: unknown): number {
  try {
    return toMilliseconds(value as Duration);
  } catch {
    throw new InvalidOptionError(path, value, "give a duration such as 10s, 5m or 1d");
  }
}

function oneOf<Name extends string>(path: string, value: unknown, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new InvalidOptionError(path, value, `use ${names.join(", ")}`);
}

function refuse(path: string, value: unknown, reason: string): void {
  if (value !== undefined) throw new InvalidOptionError(path, value, reason);
}

/** The record is JSON: what it would change is refused, with where it stands. */
function checkJson(path: string, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new InvalidOptionError(path, "…", "it is nested too deeply");
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return;
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) checkJson(`${path}[${at}]`, one, depth + 1);
    return;
  }
  if (
    typeof value === "object" &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value))
  ) {
    for (const [name, one] of Object.entries(value)) {
      // JSON leaves it out, and so does the flow's schema not see it.
      if (one !== undefined) checkJson(`${path}.${name}`, one, depth + 1);
    }
    return;
  }
  throw new InvalidOptionError(path, value, "a schedule's input is plain JSON");
}

const MAX_DEPTH = 100;
