import { type Kysely, type RawBuilder, sql } from "kysely";
import type { RunOrder } from "../../engine/run-query.ts";
import type { Condition } from "./bounds.ts";
import type { Cursor } from "./cursor.ts";
import type { RunCriteria } from "./run-criteria.ts";
import { type Alias, type Branch, type Branches, ref, type Source } from "./run-source.ts";
import { estimate, within } from "./source-size.ts";
import type { StoredRow } from "./stored-row.ts";

export interface PageQuestion {
  readonly db: Kysely<unknown>;
  readonly branches: Branches;
  readonly criteria: RunCriteria;
  readonly order: RunOrder;
  readonly cursor: Cursor | undefined;
  readonly limit: number;
  readonly limits: SearchLimits;
}

export type FoundRow = StoredRow & { readonly run: number };

/**
 * The first runs of an order after a cursor. The way is chosen here: a planner cannot know that what is asked for is rare.
 * Either few runs are taken from an index that names them, and sorted; or all are looked at in their order until enough are
 * found, a stretch at first, since what is asked for may be at the other end.
 */
export async function findPage(question: PageQuestion): Promise<readonly FoundRow[]> {
  const { order, cursor, limit } = question;
  if (order.by === "submitted" || order.direction === "descending") {
    return findPart(question, undefined);
  }
  // Runs without such a time have a 0 there, and come last all the same.
  const timed = cursor?.time === 0 ? [] : await findPart(question, "timed");
  if (timed.length === limit) return timed;
  const rest = { ...question, limit: limit - timed.length };
  return [
    ...timed,
    ...(await findPart({ ...rest, cursor: cursor?.time === 0 ? cursor : undefined }, "never")),
  ];
}

/** Of an order by a time that a run may not have: those that have it, or those that have not. */
type Part = "timed" | "never" | undefined;

async function findPart(question: PageQuestion, part: Part): Promise<readonly FoundRow[]> {
  const { criteria, limit, limits } = question;
  const way = orderedSource(question);
  if (way.covers.length === criteria.all.length) return rowsFrom(question, part, way);
  const few = await smallest(question, limits.few);
  if (few !== undefined) return rowsFrom(question, part, few, { sorted: true });
  const end = await keyAt(question, part, way, limits.stretch);
  const near = await rowsFrom(question, part, way, { end });
  if (near.length === limit || end === undefined) return near;
  const many = await smallest(question, limits.many);
  return rowsFrom(question, part, many ?? way, { sorted: many !== undefined });
}

/** From how many runs on which way is taken. */
export interface SearchLimits {
  /** So many runs are looked at and sorted in a few milliseconds. */
  readonly few: number;
  /** So many are looked at in order before something else is tried. */
  readonly stretch: number;
  /** So many are still sorted faster than all are looked at. */
  readonly many: number;
}

export const SEARCH_LIMITS: SearchLimits = Object.freeze({
  few: 4_000,
  stretch: 10_000,
  many: 200_000,
});

/** What gives runs in the order that is asked for: that which leaves least to be looked at, of what can be known at once. */
function orderedSource({ branches, criteria, order }: PageQuestion): Source {
  if (order.by === "submitted") {
    const ordered = criteria.sources.filter((source) => source.ordered);
    const full = ordered.find(({ covers }) => covers.length === criteria.all.length);
    return full ?? ordered[0] ?? all(branches.runs("submitted"));
  }
  return all(branches.runs(order.by));
}

function all(branch: Branch): Source {
  return { covers: [], branches: [branch], ordered: true, distinct: true };
}

/** The source with the fewest runs, if there is one with at most so many. */
async function smallest(
  { db, branches, criteria }: PageQuestion,
  atMost: number,
): Promise<Source | undefined> {
  let best: Source | undefined;
  let size = atMost + 1;
  for (const source of criteria.sources) {
    const found = await estimate(db, branches, source, criteria.submitted, size);
    if (found < size) {
      size = found;
      best = source;
    }
    if (size === 0) break;
  }
  return best;
}

interface Key {
  readonly time: number;
  readonly submitted: number;
  readonly run: number;
}

/** The runs of a source that hold to everything, in order, up to a key if one is given. */
async function rowsFrom(
  question: PageQuestion,
  part: Part,
  source: Source,
  { end, sorted = false }: { readonly end?: Key | undefined; readonly sorted?: boolean } = {},
): Promise<readonly FoundRow[]> {
  const { db, branches, limit } = question;
  const found = select(question, part, source, { filtered: true, end });
  // Few runs that are to be sorted: a planner that knows the order might look at all runs in that order instead.
  const keys = sorted ? sql`select * from (${found} ${branches.fence}) as s` : found;
  const by = direction(question.order);
  const { rows } = await sql<FoundRow>`
    select r.* from (${keys} ${by(undefined)} limit ${sql.lit(limit)}) as p
    cross join ${sql.table(branches.tables.runs)} as r where r.run = p.run ${by("p")}`.execute(db);
  return rows;
}

/** Where so many of a source's runs have been passed by; nothing when it has no more. */
async function keyAt(
  question: PageQuestion,
  part: Part,
  source: Source,
  offset: number,
): Promise<Key | undefined> {
  const keys = select(question, part, source, { filtered: false });
  const by = direction(question.order);
  const { rows } = await sql<Key>`
    ${keys} ${by(undefined)} limit 1 offset ${sql.lit(offset)}`.execute(question.db);
  return rows[0];
}

function select(
  { branches, criteria, order, cursor }: PageQuestion,
  part: Part,
  source: Source,
  { filtered, end }: { readonly filtered: boolean; readonly end?: Key | undefined },
): Condition {
  const left = filtered
    ? criteria.all.filter((criterion) => !source.covers.includes(criterion))
    : [];
  const bySubmission = order.by === "submitted";
  const selected = source.branches.map((branch) => {
    const { at } = branch;
    const time = bySubmission ? ref(at, "submitted_at") : ref("r", `${order.by}_at`);
    const place = { at, time, bySubmission };
    const where = [
      ...within(at, criteria.submitted),
      ...(part === "timed" ? [sql`${time} > 0`] : []),
      ...(part === "never" ? [sql`${time} = 0`] : []),
      ...(cursor ? [isAfter(place, order, cursor, branches.tables.generation)] : []),
      ...(end ? [isUpTo(place, order, end)] : []),
    ];
    const columns = sql`${time} as time, ${ref(at, "submitted_at")} as submitted, ${ref(at, "run")} as run`;
    return branches.select(branch, columns, left, { where, needsRow: !bySubmission });
  });
  if (source.distinct) return sql.join(selected, sql` union all `);
  return selected.length === 1
    ? sql`select distinct * from (${sql.join(selected)}) as u`
    : sql.join(selected, sql` union `);
}

interface Place {
  readonly at: Alias;
  readonly time: Condition;
  readonly bySubmission: boolean;
}

function isAfter(
  { at, time, bySubmission }: Place,
  { direction: towards }: RunOrder,
  cursor: Cursor,
  generation: number,
): Condition {
  const is = towards === "descending" ? sql`<` : sql`>`;
  // The numbers of another view say nothing here: runs of the same moment come twice rather than not at all.
  if (cursor.generation !== generation) return sql`${time} ${is}= ${cursor.time}`;
  const [submitted, run] = [ref(at, "submitted_at"), ref(at, "run")];
  return bySubmission
    ? sql`(${submitted}, ${run}) ${is} (${cursor.submitted}, ${cursor.run})`
    : sql`(${time}, ${submitted}, ${run}) ${is} (${cursor.time}, ${cursor.submitted}, ${cursor.run})`;
}

function isUpTo(
  { at, time, bySubmission }: Place,
  { direction: towards }: RunOrder,
  end: Key,
): Condition {
  const is = towards === "descending" ? sql`>=` : sql`<=`;
  const [submitted, run] = [ref(at, "submitted_at"), ref(at, "run")];
  return bySubmission
    ? sql`(${submitted}, ${run}) ${is} (${end.submitted}, ${end.run})`
    : sql`(${time}, ${submitted}, ${run}) ${is} (${end.time}, ${end.submitted}, ${end.run})`;
}

/** `order by` for the keys of a source, or of a table that has them. */
function direction({
  by,
  direction: towards,
}: RunOrder): (table: string | undefined) => RawBuilder<unknown> {
  const to = sql.raw(towards === "descending" ? "desc" : "asc");
  return (table) => {
    const columns = by === "submitted" ? ["submitted", "run"] : ["time", "submitted", "run"];
    const keys = columns.map(
      (key) => sql`${sql.ref(table === undefined ? key : `${table}.${key}`)} ${to}`,
    );
    return sql`order by ${sql.join(keys)}`;
  };
}
