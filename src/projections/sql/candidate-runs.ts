import { type Kysely, type RawBuilder, sql } from "kysely";
import { InvalidOptionError } from "../../engine/usage-errors.ts";
import type { RunRow } from "../run-row.ts";
import type { CandidatePage, RunCandidates } from "../run-store.ts";
import type { ViewTables } from "./schema.ts";
import { loadRow, type StoredRow } from "./stored-row.ts";

/** Runs that may need a repair. Each kind has an index of its own, in which runs that need none do not stand. */
export async function candidateRuns(
  db: Kysely<unknown>,
  { runs }: ViewTables,
  which: RunCandidates,
  { limit, after = "" }: CandidatePage,
): Promise<readonly RunRow[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new InvalidOptionError("limit", limit, `use 1 to ${MAX_PAGE.toLocaleString("en")}`);
  }
  const { rows } = await sql<StoredRow>`
    select * from ${sql.table(runs)}
    where ${conditionOf(which)} and id > ${after.replaceAll("\0", "")}
    order by id limit ${sql.lit(limit)}`.execute(db);
  return rows.map(loadRow);
}

const MAX_PAGE = 1_000;

/** In the words of the indexes' own conditions. */
function conditionOf(which: RunCandidates): RawBuilder<unknown> {
  switch (which.kind) {
    case "unfolded":
      return sql`unfolded = 1`;
    case "overdue":
      return sql`wake_at > 0 and wake_at < ${which.wakeBefore}`;
    case "active":
      return sql`worker <> '' and updated_at < ${which.updatedBefore}`;
  }
}
