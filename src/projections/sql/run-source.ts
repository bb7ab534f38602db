import { sql } from "kysely";
import { allOf, type Condition } from "./bounds.ts";
import { indexName, type RunIndex, type ViewTables } from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";

/**
 * One thing that is asked of runs. `holds` tests one of them: `at` is the alias of a table that has its time of submission and
 * its number, `r` that of its row, which is joined when `needsRow` says so.
 */
export interface Criterion {
  readonly holds: (at: Alias) => Condition;
  readonly needsRow: boolean;
}

/** Where runs can be taken from: an index that knows which ones hold to some of the criteria. */
export interface Source {
  readonly covers: readonly Criterion[];
  /** Together they give all of these runs. */
  readonly branches: readonly Branch[];
  /** Each branch gives its runs in the order of their submission. */
  readonly ordered: boolean;
  /** False: it may give a run more than once. */
  readonly distinct: boolean;
}

export interface Branch {
  readonly from: Condition;
  readonly at: Alias;
  readonly where: readonly Condition[];
}

/** `r`: the row itself. `d`: an entry that stands for it. */
export type Alias = "r" | "d";

/** Makes branches over one view's tables. */
export class Branches {
  readonly tables: ViewTables;
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase, tables: ViewTables) {
    this.#database = database;
    this.tables = tables;
  }

  get fence(): Condition {
    return this.#database.fence;
  }

  /** By an index of the rows. */
  runs(index: RunIndex | "id", ...where: readonly Condition[]): Branch {
    const name = index === "id" ? `${this.tables.runs}_id` : indexName(this.tables, index);
    return { from: this.#database.by(this.tables.runs, "r", name), at: "r", where };
  }

  terms(...where: readonly Condition[]): Branch {
    return { from: sql`${sql.table(this.tables.terms)} as d`, at: "d", where };
  }

  numbers(...where: readonly Condition[]): Branch {
    const index = `${this.tables.numbers}_value`;
    return { from: this.#database.by(this.tables.numbers, "d", index), at: "d", where };
  }

  hasTerm(term: string): (at: Alias) => Condition {
    return (at) => sql`exists (select 1 from ${sql.table(this.tables.terms)} as t
      where t.term = ${term} and t.submitted_at = ${ref(at, "submitted_at")} and t.run = ${ref(at, "run")})`;
  }

  hasNumber(name: string, isIt: (value: Condition) => Condition): (at: Alias) => Condition {
    return (at) => sql`exists (select 1 from ${sql.table(this.tables.numbers)} as n
      where n.run = ${ref(at, "run")} and n.name = ${name} and ${isIt(sql.ref("n.value"))})`;
  }

  /** The runs of a branch that hold to more: `select <columns> from … where …`. */
  select(
    branch: Branch,
    columns: Condition,
    criteria: readonly Criterion[],
    more: { readonly where: readonly Condition[]; readonly needsRow: boolean },
  ): Condition {
    const { from, at } = branch;
    const joins = at === "d" && (more.needsRow || criteria.some(({ needsRow }) => needsRow));
    const where = allOf([
      ...branch.where,
      ...more.where,
      ...(joins ? [sql`r.run = d.run`] : []),
      ...criteria.map(({ holds }) => holds(at)),
    ]);
    const rows = joins ? sql`${from} cross join ${sql.table(this.tables.runs)} as r` : from;
    return sql`select ${columns} from ${rows} where ${where}`;
  }
}

export function ref(at: Alias, column: string): Condition {
  return sql.ref(`${at}.${column}`);
}
