import { type Kysely, sql } from "kysely";
import type { Condition } from "./bounds.ts";
import type { RunCriteria } from "./run-criteria.ts";
import { type Branches, ref, type Source } from "./run-source.ts";

/** How many runs a source gives, counted up to a limit. Those that it gives twice count twice. */
export async function estimate(
  db: Kysely<unknown>,
  branches: Branches,
  source: Source,
  submitted: RunCriteria["submitted"],
  limit: number,
): Promise<number> {
  const entries = source.branches.map((branch) =>
    branches.select(branch, sql`1 as one`, [], {
      where: within(branch.at, submitted),
      needsRow: false,
    }),
  );
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from (${sql.join(entries, sql` union all `)} limit ${sql.lit(limit)}) as e`.execute(
    db,
  );
  return rows[0]?.n ?? 0;
}

export function within(at: "r" | "d", submitted: RunCriteria["submitted"]): readonly Condition[] {
  return submitted === undefined ? [] : [submitted(ref(at, "submitted_at"))];
}
