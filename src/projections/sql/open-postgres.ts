import { CompiledQuery, Kysely, PostgresDialect, type RawBuilder, sql } from "kysely";
import type { Column, ColumnType, SqlDatabase, SqlRow } from "./sql-database.ts";
import { DatabaseUnreachableError } from "./store-errors.ts";

/**
 * Opens a database of PostgreSQL. `?schema=<name>` says where the tables go, in the schema `millrace` otherwise; it is made
 * when it is missing.
 * @throws {@link DatabaseUnreachableError}
 */
export async function openPostgres(address: string): Promise<SqlDatabase> {
  const { default: pg } = await import("pg");
  const url = new URL(address);
  const schema = url.searchParams.get("schema") ?? "millrace";
  url.searchParams.delete("schema");
  const name = `${url.hostname}${url.port === "" ? "" : `:${url.port}`}${url.pathname} (schema ${schema})`;
  const pool = new pg.Pool({
    connectionString: url.href,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "millrace",
    types: {
      // Numbers are counts, sequences and times: each of them is a safe integer.
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
    },
  });
  // A connection that breaks while nobody uses it: the next query gets another, or says why not.
  pool.on("error", () => {});
  // And between two queries of whoever uses it: the next one fails. Unheard, it would end the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({
      pool,
      onCreateConnection: async (connection) => {
        await connection.executeQuery(
          CompiledQuery.raw(`set search_path to ${pg.escapeIdentifier(schema)}; ${PLANNING}`),
        );
      },
    }),
  });
  try {
    await db.transaction().execute(async (trx) => {
      await lockViews(trx, schema);
      const { rows } = await sql`select 1 from pg_namespace where nspname = ${schema}`.execute(trx);
      // "if not exists" would ask for a right that nobody needs whose schema is there.
      if (rows.length === 0) await sql`create schema ${sql.ref(schema)}`.execute(trx);
    });
  } catch (error) {
    await db.destroy();
    throw translated(name, error);
  }
  return {
    name,
    read: db,
    types: TYPES,
    tableOptions: "",
    indexesEndInKey: false,
    fence: sql`offset 0`,
    transaction: async (work) => db.transaction().execute(work),
    lockViews: async (trx) => lockViews(trx, schema),
    rows: rowsOfJson,
    insert: async (trx, table, columns, rows) => {
      const names = sql.join(columns.map((column) => sql.ref(column.name)));
      await sql`insert into ${sql.table(table)} (${names})
        select ${names} from ${rowsOfJson(columns, rows)} as x`.execute(trx);
    },
    by: (table, alias) => sql`${sql.table(table)} as ${sql.ref(alias)}`,
    analyze: async (tables) => {
      for (const table of tables) await sql`analyze ${sql.table(table)}`.execute(db);
    },
    tables: async (trx) => {
      const { rows } = await sql<{ name: string }>`
        select table_name as name from information_schema.tables where table_schema = ${schema}`.execute(
        trx,
      );
      return rows.map((row) => row.name);
    },
    translate: (error) => translated(name, error),
    isMissingTable: (error) => codeOf(error) === "42P01",
    close: async () => db.destroy(),
  };
}

async function lockViews(trx: Kysely<unknown>, schema: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${VIEWS_LOCK}, hashtext(${schema}))`.execute(trx);
}

const CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 10_000;
const VIEWS_LOCK = 1_835_887_724;

/** Text in the order of its bytes, as in libsql: ranges, and with them prefixes, mean the same. */
const TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text collate "C"',
  integer: "bigint",
  real: "double precision",
};
const JSON_TYPES: Readonly<Record<ColumnType, string>> = {
  text: "text",
  integer: "bigint",
  real: "double precision",
};

function rowsOfJson(columns: readonly Column[], rows: readonly SqlRow[]): RawBuilder<unknown> {
  const names = columns.map(({ name }) => sql.ref(name));
  const typed = columns.map(({ name, type }) => sql`${sql.ref(name)} ${sql.raw(JSON_TYPES[type])}`);
  return sql`(select ${sql.join(names)} from json_to_recordset(${JSON.stringify(rows)}::json) as j(${sql.join(typed)}))`;
}

/** The way of a search is chosen here; left to itself, the server joins whole tables for a page of fifty. */
const PLANNING =
  "set enable_hashjoin to off; set enable_mergejoin to off; set enable_seqscan to off; set jit to off";

/** Of SQLSTATE: connection exceptions, insufficient resources, operator intervention; and what the system says. */
const UNREACHABLE = /^(?:08|53|57P|28|3D)|^E[A-Z]{3,}$/;

function translated(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const lost =
    /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;
  if (!UNREACHABLE.test(codeOf(error)) && !lost.test(error.message)) return error;
  const reason = error.message === "" ? codeOf(error) : error.message;
  return new DatabaseUnreachableError(name, reason, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
