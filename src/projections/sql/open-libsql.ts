import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Kysely, type RawBuilder, sql } from "kysely";
import type Database from "libsql";
import { LibsqlDialect } from "./libsql-dialect.ts";
import { LibsqlStatements } from "./libsql-statements.ts";
import { STORE_TABLE } from "./schema.ts";
import type { Column, SqlDatabase, SqlRow } from "./sql-database.ts";
import { DatabaseUnreachableError, ForeignDatabaseError } from "./store-errors.ts";

/**
 * Opens the file with libsql, and makes it when it is missing. Two connections: what is searched sees no transaction half
 * done.
 * @throws {@link DatabaseUnreachableError} when it cannot be opened or made
 * @throws {@link ForeignDatabaseError} when it is no file of SQLite
 */
export async function openLibsql(file: string): Promise<SqlDatabase> {
  const { default: Libsql } = await import("libsql");
  const name = file;
  const connect = (cacheKiB: number, busyMs: number) =>
    prepared(ours(name, new Libsql(file)), cacheKiB, busyMs);
  let writing: Database.Database | undefined;
  let reading: Database.Database;
  try {
    await mkdir(dirname(file), { recursive: true });
    writing = connect(WRITE_CACHE_KIB, 0);
    reading = connect(READ_CACHE_KIB, BUSY_MS);
  } catch (error) {
    writing?.close();
    throw translated(name, error);
  }
  const writes = new LibsqlStatements(writing);
  const write = new Kysely<unknown>({ dialect: new LibsqlDialect(writes) });
  const read = new Kysely<unknown>({ dialect: new LibsqlDialect(new LibsqlStatements(reading)) });
  return {
    name,
    read,
    types: { text: "text", integer: "integer", real: "real" },
    tableOptions: "without rowid",
    indexesEndInKey: true,
    fence: sql``,
    transaction: async (work) => write.transaction().execute(work),
    lockViews: async () => {},
    rows: rowsOfJson,
    // In the transaction that the one writing connection is in. A row bound by itself costs half of what it costs as JSON.
    insert: async (_db, table, columns, rows) => {
      const names = columns.map((column) => column.name);
      const statement = writes.get(
        `insert into ${table} (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`,
      );
      for (const row of rows) statement.run(names.map((column) => row[column]));
    },
    by: (table, alias, index) =>
      sql`${sql.table(table)} as ${sql.ref(alias)} indexed by ${sql.ref(index)}`,
    analyze: async () => {},
    tables: async (db) => {
      const { rows } = await sql<{ name: string }>`
        select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`.execute(
        db,
      );
      return rows.map((row) => row.name);
    },
    translate: (error) => translated(name, error),
    isMissingTable: (error) =>
      error instanceof Error && error.message.startsWith("no such table: "),
    close: async () => {
      await read.destroy();
      // The journal goes into the file: nothing but the file is left behind.
      writes.get("pragma wal_checkpoint(truncate)").all();
      await write.destroy();
    },
  };
}

const WRITE_CACHE_KIB = 131_072;
const READ_CACHE_KIB = 65_536;
/** A writer waits in another way: see {@link LibsqlDialect}. */
const BUSY_MS = 5_000;
const PAGE_BYTES = 8_192;
/** Pages in the journal before they are moved to the file: each move writes a page once, however often it was changed. */
const CHECKPOINT_PAGES = 8_192;

/** Before anything is settled for it: settings are stored in the file. */
function ours(file: string, database: Database.Database): Database.Database {
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
  // SAFETY: it is the statement's one column.
  const names = tables.map((row) => (row as { readonly name: string }).name);
  if (names.length === 0 || names.includes(STORE_TABLE)) return database;
  database.close();
  throw new ForeignDatabaseError(file, "belongs to something else");
}

function prepared(
  database: Database.Database,
  cacheKiB: number,
  busyMs: number,
): Database.Database {
  const settings = [
    // Another process may be making the file right now.
    `busy_timeout = ${BUSY_MS}`,
    `page_size = ${PAGE_BYTES}`,
    "journal_mode = wal",
    "synchronous = normal",
    `cache_size = -${cacheKiB}`,
    `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    "temp_store = memory",
    `busy_timeout = ${busyMs}`,
  ];
  for (const setting of settings) {
    const statement = database.prepare(`pragma ${setting}`);
    if (statement.reader) statement.all();
    else statement.run();
  }
  return database;
}

function rowsOfJson(columns: readonly Column[], rows: readonly SqlRow[]): RawBuilder<unknown> {
  const values = columns.map(({ name }, at) => sql`value ->> ${sql.lit(at)} as ${sql.ref(name)}`);
  const cells = rows.map((row) => columns.map(({ name }) => row[name]));
  return sql`(select ${sql.join(values)} from json_each(${JSON.stringify(cells)}))`;
}

function translated(file: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (code === "SQLITE_NOTADB") {
    return new ForeignDatabaseError(file, "is not a database file", { cause: error });
  }
  if (code === "SQLITE_CORRUPT") {
    return new DatabaseUnreachableError(file, "the file is damaged; delete it, and it is rebuilt", {
      cause: error,
    });
  }
  const cannotOpen =
    code.startsWith("SQLITE_CANTOPEN") || error.message.startsWith("ConnectionFailed");
  const system = /^(?:SQLITE_(?:IOERR|FULL|READONLY|PERM|BUSY)|E[A-Z]+$)/.test(code);
  if (cannotOpen || system) {
    const reason = cannotOpen && existsSync(file) ? "it cannot be opened" : error.message;
    return new DatabaseUnreachableError(file, reason, { cause: error });
  }
  return error;
}
