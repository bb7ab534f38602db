import { setTimeout as delay } from "node:timers/promises";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type Database from "libsql";
import { LibsqlStatements } from "./libsql-statements.ts";

/** Runs kysely's SQLite over one connection of `libsql`, whose calls are synchronous. */
export class LibsqlDialect implements Dialect {
  readonly #statements: LibsqlStatements;

  constructor(statements: LibsqlStatements) {
    this.#statements = statements;
  }

  createDriver(): Driver {
    return new LibsqlDriver(this.#statements);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

/** How long a transaction waits for another writer, in another connection or process. */
const BUSY_TIMEOUT_MS = 30_000;
const BUSY_RETRY_MS = 5;
const NOTHING = () => {};

class LibsqlDriver implements Driver {
  readonly #database: Database.Database;
  readonly #connection: LibsqlConnection;
  /** Ends with the last of those that want the one connection. */
  #turn: Promise<void> = Promise.resolve();
  #endTurn: () => void = NOTHING;

  constructor(statements: LibsqlStatements) {
    this.#database = statements.database;
    this.#connection = new LibsqlConnection(statements);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const former = this.#turn;
    let end: (() => void) | undefined;
    this.#turn = new Promise((resolve) => {
      end = resolve;
    });
    await former;
    this.#endTurn = end ?? NOTHING;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#endTurn();
  }

  // The write lock from the start: one that was taken later could fail half-way. And without the database's own waiting: that
  // would stop this process, and with it the writer in it that is waited for.
  async beginTransaction(): Promise<void> {
    const end = performance.now() + BUSY_TIMEOUT_MS;
    for (;;) {
      try {
        // Not prepared: a statement that was refused counts as one in progress, and nothing can be committed then.
        this.#database.exec("begin immediate");
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > end) throw error;
      }
      await delay(BUSY_RETRY_MS);
    }
  }

  async commitTransaction(): Promise<void> {
    this.#database.exec("commit");
  }

  async rollbackTransaction(): Promise<void> {
    if (this.#database.inTransaction) this.#database.exec("rollback");
  }

  async destroy(): Promise<void> {
    this.#database.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  readonly #statements: LibsqlStatements;

  constructor(statements: LibsqlStatements) {
    this.#statements = statements;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#statements.get(sql);
    // SAFETY: kysely's caller says what the rows of a statement are; the driver cannot know.
    if (statement.reader) return { rows: statement.all([...parameters]) as R[] };
    const { changes } = statement.run([...parameters]);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}
