import type Database from "libsql";

/**
 * The statements of one connection, prepared once. They cannot be freed by hand, and what is bound to one is freed with it:
 * prepared anew for each batch, they would hold hundreds of megabytes that the collector knows nothing of.
 */
export class LibsqlStatements {
  readonly database: Database.Database;
  /** The one that was used last comes last. */
  readonly #prepared = new Map<string, Database.Statement>();

  constructor(database: Database.Database) {
    this.database = database;
  }

  get(sql: string): Database.Statement {
    const statement = this.#prepared.get(sql) ?? this.database.prepare(sql);
    this.#prepared.delete(sql);
    this.#prepared.set(sql, statement);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > MAX_PREPARED && oldest !== undefined) this.#prepared.delete(oldest);
    return statement;
  }
}

const MAX_PREPARED = 128;
