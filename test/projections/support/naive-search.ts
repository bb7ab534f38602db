import type { AttributeValue } from "../../../src/engine/attributes.ts";
import {
  type AttributeCondition,
  DEFAULT_ORDER,
  type RunQuery,
  type TimeWindow,
} from "../../../src/engine/run-query.ts";
import type { RunRow } from "../../../src/projections/run-row.ts";

/** The runs that a query means, by its plain reading: each one is looked at, all are sorted. */
export function naiveSearch(runs: readonly RunRow[], query: RunQuery): readonly RunRow[] {
  const { by, direction } = query.order ?? DEFAULT_ORDER;
  const sign = direction === "descending" ? -1 : 1;
  const time = (run: RunRow): number => {
    const at = run[`${by}At`];
    // Without such a time: last, either way.
    return at === 0 ? Number.POSITIVE_INFINITY : sign * at;
  };
  return runs
    .filter((run) => matches(run, query))
    .toSorted(
      (one, other) =>
        compare(time(one), time(other)) || sign * (one.submittedAt - other.submittedAt),
    );
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

function matches(run: RunRow, query: RunQuery): boolean {
  return (
    isAnyOf(run.flow, query.flow) &&
    isAnyOf(run.status, query.status) &&
    !(query.notStatus !== undefined && isAnyOf(run.status, query.notStatus)) &&
    isAnyOf(run.queue, query.queue) &&
    isSame(run.parent, query.parent) &&
    isSame(run.root, query.root) &&
    isSame(run.worker, query.worker) &&
    isSame(run.errorFingerprint, query.fingerprint) &&
    isIn(run.submittedAt, query.submitted) &&
    isIn(run.startedAt, query.started) &&
    isIn(run.closedAt, query.closed) &&
    hasMore(run, query)
  );
}

function hasMore(
  run: RunRow,
  { key, tags, anyTag, text, attributes, archived }: RunQuery,
): boolean {
  const has = [...run.tags, ...run.addedTags];
  return (
    (typeof key === "string" ? run.key === key : run.key.startsWith(key?.prefix ?? "")) &&
    (tags ?? []).every((tag) => has.includes(tag)) &&
    (anyTag === undefined || anyTag.some((tag) => has.includes(tag))) &&
    (text === undefined || hasWords(run, text)) &&
    (attributes ?? []).every((condition) => holds(run.attributes[condition.name], condition)) &&
    (archived === undefined || archived === (run.archived !== ""))
  );
}

function isAnyOf(value: string, asked: string | readonly string[] | undefined): boolean {
  return (
    asked === undefined || (typeof asked === "string" ? value === asked : asked.includes(value))
  );
}

function isSame(value: string, asked: string | undefined): boolean {
  return asked === undefined || value === asked;
}

function isIn(time: number, window: TimeWindow | undefined): boolean {
  if (window === undefined) return true;
  const { from, to } = window;
  return (
    time > 0 &&
    (from === undefined || time >= from.getTime()) &&
    (to === undefined || time < to.getTime())
  );
}

function hasWords({ errorName, errorMessage }: RunRow, text: string): boolean {
  const has = split(`${errorName} ${errorMessage}`);
  const asked = split(text);
  const begun = asked.pop();
  return (
    begun !== undefined &&
    asked.every((word) => has.includes(word)) &&
    has.some((word) => word.startsWith(begun))
  );
}

function split(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_]+/u)
    .filter((word) => word !== "");
}

function holds(
  value: AttributeValue | undefined,
  { is, value: asked }: AttributeCondition,
): boolean {
  if (value === undefined || kindOf(value) !== kindOf(asked)) return false;
  if (typeof value === "string" || typeof value === "boolean") return value === asked;
  const [one, other] = [Number(value), Number(asked)];
  if (is === "=") return one === other;
  if (is === ">") return one > other;
  if (is === ">=") return one >= other;
  return is === "<" ? one < other : one <= other;
}

function kindOf(value: AttributeValue): string {
  return value instanceof Date ? "date" : typeof value;
}
