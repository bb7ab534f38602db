import { type Kysely, sql } from "kysely";
import type { Column, SqlDatabase } from "./sql-database.ts";

/** The table by which a database is known as one of ours. */
export const STORE_TABLE = "millrace_store";

/** Names of the tables of one view. `generation` tells it from the one that is built beside it. */
export interface ViewTables {
  readonly generation: number;
  readonly runs: string;
  readonly terms: string;
  readonly numbers: string;
  readonly stats: string;
  readonly checkpoints: string;
}

export function viewTables(generation: number): ViewTables {
  return {
    generation,
    runs: `runs_${generation}`,
    terms: `terms_${generation}`,
    numbers: `numbers_${generation}`,
    stats: `stats_${generation}`,
    checkpoints: `checkpoints_${generation}`,
  };
}

/**
 * Columns of a run: what is searched, and `body` for the rest. Those that are looked at most come first: a filter reads a row
 * no further than it must.
 */
export const RUN_COLUMNS = [
  { name: "run", type: "integer" },
  { name: "submitted_at", type: "integer" },
  { name: "status", type: "text" },
  { name: "flow", type: "text" },
  { name: "queue", type: "text" },
  { name: "started_at", type: "integer" },
  { name: "closed_at", type: "integer" },
  { name: "updated_at", type: "integer" },
  { name: "archived", type: "integer" },
  { name: "wake_at", type: "integer" },
  { name: "unfolded", type: "integer" },
  { name: "id", type: "text" },
  { name: "run_key", type: "text" },
  { name: "parent", type: "text" },
  { name: "root", type: "text" },
  { name: "worker", type: "text" },
  { name: "fingerprint", type: "text" },
  { name: "words", type: "text" },
  { name: "body", type: "text" },
] as const satisfies readonly Column[];

/** Indexes by what they are good for. Each gives the time of submission, so that a sort need not look at the row. */
const RUN_INDEXES = {
  submitted: { columns: "submitted_at" },
  status: { columns: "status, submitted_at" },
  flow: { columns: "flow, status, submitted_at" },
  queue: { columns: "queue, status, submitted_at" },
  started: { columns: "started_at, submitted_at" },
  closed: { columns: "closed_at, submitted_at" },
  updated: { columns: "updated_at, submitted_at" },
  key: { columns: "run_key, submitted_at" },
  // Of most runs these are empty: they cost nothing then.
  parent: { columns: "parent, submitted_at", where: "parent <> ''" },
  root: { columns: "root, submitted_at", where: "parent <> ''" },
  worker: { columns: "worker, submitted_at", where: "worker <> ''" },
  fingerprint: { columns: "fingerprint, submitted_at", where: "fingerprint <> ''" },
  archived: { columns: "submitted_at", where: "archived = 1" },
  unfolded: { columns: "id", where: "unfolded = 1" },
  overdue: { columns: "wake_at", where: "wake_at > 0" },
  held: { columns: "id, updated_at", where: "worker <> ''" },
} as const satisfies Record<string, { readonly columns: string; readonly where?: string }>;

export type RunIndex = keyof typeof RUN_INDEXES;

/** Name of an index of a view. */
export function indexName(tables: ViewTables, index: RunIndex): string {
  return `${tables.runs}_${index}`;
}

export async function createView(
  { types, tableOptions, indexesEndInKey }: SqlDatabase,
  db: Kysely<unknown>,
  tables: ViewTables,
): Promise<void> {
  const { text, integer, real } = types;
  const run = async (statement: string) => sql.raw(statement).execute(db);
  const columns = RUN_COLUMNS.map(({ name, type }) =>
    name === "run" ? `run ${integer} primary key` : `${name} ${types[type]} not null`,
  );
  await run(`create table ${tables.runs} (${columns.join(", ")})`);
  await run(`create unique index ${tables.runs}_id on ${tables.runs} (id)`);
  for (const [name, index] of Object.entries(RUN_INDEXES)) {
    const where = "where" in index ? ` where ${index.where}` : "";
    const parts = indexesEndInKey ? index.columns : `${index.columns}, run`;
    await run(`create index ${tables.runs}_${name} on ${tables.runs} (${parts})${where}`);
  }
  await run(
    `create table ${tables.terms} (term ${text} not null, submitted_at ${integer} not null, run ${integer} not null,
     primary key (term, submitted_at, run)) ${tableOptions}`,
  );
  await run(
    `create table ${tables.numbers} (name ${text} not null, value ${real} not null, submitted_at ${integer} not null,
     run ${integer} not null, primary key (run, name)) ${tableOptions}`,
  );
  await run(
    `create index ${tables.numbers}_value on ${tables.numbers} (name, value, submitted_at, run)`,
  );
  await run(
    `create table ${tables.stats} (flow ${text} not null, queue ${text} not null, status ${text} not null,
     n ${integer} not null, primary key (flow, queue, status)) ${tableOptions}`,
  );
  await run(
    `create table ${tables.checkpoints} (part ${integer} primary key, sequence ${integer} not null,
     stored_at ${integer} not null, incarnation ${text} not null)`,
  );
}

export async function dropView(db: Kysely<unknown>, tables: ViewTables): Promise<void> {
  for (const table of tableNames(tables)) {
    await sql`drop table if exists ${sql.table(table)}`.execute(db);
  }
}

export function tableNames(tables: ViewTables): readonly string[] {
  return [tables.runs, tables.terms, tables.numbers, tables.stats, tables.checkpoints];
}
