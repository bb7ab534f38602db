import { type Kysely, sql } from "kysely";
import type { RunCount } from "../run-store.ts";
import { isOneOf } from "./bounds.ts";
import type { Counted, RunCriteria } from "./run-criteria.ts";
import { type Branches, ref, type Source } from "./run-source.ts";
import { estimate, within } from "./source-size.ts";

export interface CountQuestion {
  readonly db: Kysely<unknown>;
  readonly branches: Branches;
  readonly criteria: RunCriteria;
  readonly atMost: number;
}

/** Counts what a query means, up to a limit of runs that are found and of runs that are looked at. */
export async function countRuns(question: CountQuestion): Promise<RunCount> {
  const { criteria, atMost } = question;
  if (criteria.counted !== undefined) return countKept(question, criteria.counted);
  const { source, size } = await bestSource(question);
  if (source.covers.length === criteria.all.length && source.distinct) {
    return size > atMost ? { count: atMost, exact: false } : { count: size, exact: true };
  }
  const looked = atMost * LOOKED_AT_PER_FOUND;
  const count = await countFound(question, source, looked);
  if (count > atMost) return { count: atMost, exact: false };
  const all = size <= atMost || (await sizeOf(question, source, looked + 1)) <= looked;
  return { count, exact: all };
}

/** Runs that are looked at for each one that may be counted. */
const LOOKED_AT_PER_FOUND = 2;

async function countKept({ db, branches }: CountQuestion, counted: Counted): Promise<RunCount> {
  const where = [sql`1 = 1`];
  if (counted.flows) where.push(isOneOf(sql.ref("flow"), counted.flows));
  if (counted.queues) where.push(isOneOf(sql.ref("queue"), counted.queues));
  if (counted.statuses) where.push(isOneOf(sql.ref("status"), counted.statuses));
  const { rows } = await sql<{ n: number | string | null }>`
    select sum(n) as n from ${sql.table(branches.tables.stats)}
    where ${sql.join(where, sql` and `)}`.execute(db);
  return { count: Number(rows[0]?.n ?? 0), exact: true };
}

/** The source with the fewest runs, and how many: counted up to one more than is wanted. */
async function bestSource(question: CountQuestion): Promise<{ source: Source; size: number }> {
  const { branches, criteria, atMost } = question;
  let best: Source | undefined;
  let size = atMost + 1;
  for (const source of criteria.sources) {
    const found = await sizeOf(question, source, size);
    if (best === undefined || found < size) best = source;
    size = Math.min(size, found);
  }
  if (best !== undefined) return { source: best, size };
  const all: Source = {
    covers: [],
    branches: [branches.runs("submitted")],
    ordered: true,
    distinct: true,
  };
  return { source: all, size: await sizeOf(question, all, atMost + 1) };
}

async function sizeOf(
  { db, branches, criteria }: CountQuestion,
  source: Source,
  limit: number,
): Promise<number> {
  return estimate(db, branches, source, criteria.submitted, limit);
}

async function countFound(
  { db, branches, criteria, atMost }: CountQuestion,
  source: Source,
  looked: number,
): Promise<number> {
  const entries = source.branches.map((branch) =>
    branches.select(
      branch,
      sql`${ref(branch.at, "submitted_at")} as submitted_at, ${ref(branch.at, "run")} as run`,
      [],
      { where: within(branch.at, criteria.submitted), needsRow: false },
    ),
  );
  const candidates = source.distinct
    ? sql.join(entries, sql` union all `)
    : sql`select distinct * from (${sql.join(entries, sql` union all `)}) as u`;
  const left = criteria.all.filter((criterion) => !source.covers.includes(criterion));
  const found = branches.select(
    { from: sql`(${candidates} limit ${sql.lit(looked)}) as d`, at: "d", where: [] },
    sql`1 as one`,
    left,
    { where: [], needsRow: false },
  );
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from (${found} limit ${sql.lit(atMost + 1)}) as f`.execute(db);
  return rows[0]?.n ?? 0;
}
