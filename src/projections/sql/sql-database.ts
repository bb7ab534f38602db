import type { Kysely, RawBuilder } from "kysely";

/** What differs between the databases: everything else of a store is the same SQL for all of them. */
export interface SqlDatabase {
  /** How messages name it: without passwords. */
  readonly name: string;
  /** Sees what is committed, and waits for no writer. */
  readonly read: Kysely<unknown>;
  readonly types: Readonly<Record<ColumnType, string>>;
  /** `strict`: rows are looked up by their primary key alone, and the table is kept in that order where that is possible. */
  readonly tableOptions: string;
  /** True when an index ends in the primary key of its table's rows without being told. */
  readonly indexesEndInKey: boolean;
  /** At the end of a subquery: what is asked of it from outside does not change how it is answered. */
  readonly fence: RawBuilder<unknown>;
  /** All or nothing, with one writer at a time as far as the statements need it. */
  transaction<T>(work: (db: Kysely<unknown>) => Promise<T>): Promise<T>;
  /** Held until the transaction's end: of all that ask for it, one goes on. */
  lockViews(db: Kysely<unknown>): Promise<void>;
  /** Rows as a table expression: JSON is one parameter, however many rows there are. */
  rows(columns: readonly Column[], rows: readonly SqlRow[]): RawBuilder<unknown>;
  /** Rows into a table, in the transaction of `db`. */
  insert(
    db: Kysely<unknown>,
    table: string,
    columns: readonly Column[],
    rows: readonly SqlRow[],
  ): Promise<void>;
  /** A table with the index that the statement is to go by, where a planner may be told. */
  by(table: string, alias: string, index: string): RawBuilder<unknown>;
  /** Tells the planner what is in these tables, if it wants to know. */
  analyze(tables: readonly string[]): Promise<void>;
  tables(db: Kysely<unknown>): Promise<readonly string[]>;
  /** The error as a store throws it. */
  translate(error: unknown): unknown;
  /** True for the error of a statement whose table was dropped. */
  isMissingTable(error: unknown): boolean;
  close(): Promise<void>;
}

export type ColumnType = "text" | "integer" | "real";

export type SqlRow = Readonly<Record<string, string | number>>;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}
