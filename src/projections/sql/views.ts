import { type Kysely, sql } from "kysely";
import {
  createView,
  dropView,
  STORE_TABLE,
  tableNames,
  type ViewTables,
  viewTables,
} from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { ForeignDatabaseError, NewerSchemaError, ViewOutdatedError } from "./store-errors.ts";

const SCHEMA = 1;

/**
 * Makes the tables that a new database needs.
 * @throws {@link ForeignDatabaseError} when it has other tables
 * @throws {@link NewerSchemaError}
 */
export async function prepareStore(database: SqlDatabase): Promise<void> {
  await database.transaction(async (db) => {
    await database.lockViews(db);
    const tables = await database.tables(db);
    if (tables.includes(STORE_TABLE)) return checkSchema(database, db);
    if (tables.length > 0) {
      throw new ForeignDatabaseError(database.name, "belongs to something else");
    }
    const { text, integer } = database.types;
    await sql`create table ${sql.table(STORE_TABLE)} (schema_version ${sql.raw(integer)} not null)`.execute(
      db,
    );
    await sql`insert into ${sql.table(STORE_TABLE)} values (${sql.lit(SCHEMA)})`.execute(db);
    await sql
      .raw(
        `create table views (generation ${integer} primary key, state ${text} not null, version ${text} not null,
         next_run ${integer} not null, ahead ${integer} not null, behind ${integer} not null)`,
      )
      .execute(db);
  });
}

async function checkSchema({ name }: SqlDatabase, db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ schema_version: number }>`
    select schema_version from ${sql.table(STORE_TABLE)}`.execute(db);
  const found = rows[0]?.schema_version ?? SCHEMA;
  if (found > SCHEMA) throw new NewerSchemaError(name, found, SCHEMA);
}

/** The view that is read; nothing before a projector has opened it. */
export async function liveView(db: Kysely<unknown>): Promise<LiveView | undefined> {
  const live = await viewIn(db, "live");
  return live === undefined ? undefined : { ...live, tables: viewTables(live.generation) };
}

export interface LiveView extends Spread {
  readonly tables: ViewTables;
}

/**
 * How far any run's start or end was from its submission, in milliseconds: at most so much before it, by clocks that differ,
 * and at most so much after it. What started in March was not submitted in May.
 */
export interface Spread {
  readonly ahead: number;
  readonly behind: number;
}

/**
 * The view to be written; made when it is missing. A rebuild that another version began is begun anew.
 * @throws {@link ViewOutdatedError} when the live view is of another version
 */
export async function openView(
  database: SqlDatabase,
  state: ViewState,
  version: string,
): Promise<ViewTables> {
  return database.transaction(async (db) => {
    await database.lockViews(db);
    const found = await viewIn(db, state);
    if (found?.version === version) return viewTables(found.generation);
    if (found !== undefined) {
      if (state === "live") throw new ViewOutdatedError(found.version, version);
      await removeView(db, found.generation);
    }
    return addView(database, db, state, version);
  });
}

/** Makes the rebuilt view the live one and drops the former; changes nothing when none is being built. */
export async function switchViews(database: SqlDatabase): Promise<void> {
  const rebuilt = await viewIn(database.read, "rebuild");
  if (rebuilt !== undefined) await database.analyze(tableNames(viewTables(rebuilt.generation)));
  await database.transaction(async (db) => {
    await database.lockViews(db);
    const next = await viewIn(db, "rebuild");
    if (next === undefined) return;
    const live = await viewIn(db, "live");
    if (live !== undefined) await removeView(db, live.generation);
    await sql`update views set state = 'live' where generation = ${next.generation}`.execute(db);
  });
}

export type ViewState = "live" | "rebuild";

interface View extends Spread {
  readonly generation: number;
  readonly version: string;
}

async function viewIn(db: Kysely<unknown>, state: ViewState): Promise<View | undefined> {
  const { rows } = await sql<View>`
    select generation, version, ahead, behind from views where state = ${state}`.execute(db);
  return rows[0];
}

async function addView(
  database: SqlDatabase,
  db: Kysely<unknown>,
  state: ViewState,
  version: string,
): Promise<ViewTables> {
  const { rows } = await sql<{ generation: number }>`
    select coalesce(max(generation), 0) + 1 as generation from views`.execute(db);
  const tables = viewTables(rows[0]?.generation ?? 1);
  await sql`
    insert into views (generation, state, version, next_run, ahead, behind)
    values (${tables.generation}, ${state}, ${version}, 1, 0, 0)`.execute(db);
  await createView(database, db, tables);
  return tables;
}

async function removeView(db: Kysely<unknown>, generation: number): Promise<void> {
  await dropView(db, viewTables(generation));
  await sql`delete from views where generation = ${generation}`.execute(db);
}
