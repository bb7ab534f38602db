import { type Kysely, sql } from "kysely";
import { DEFAULT_ORDER, type RunOrder, type RunQuery } from "../../engine/run-query.ts";
import type { RunStatus } from "../../engine/run-status.ts";
import { InvalidOptionError } from "../../engine/usage-errors.ts";
import type { RunRow } from "../run-row.ts";
import type {
  CandidatePage,
  PageRequest,
  RunCandidates,
  RunCount,
  RunPage,
  RunSearch,
  RunStats,
} from "../run-store.ts";
import { clean } from "./bounds.ts";
import { candidateRuns } from "./candidate-runs.ts";
import { countRuns } from "./count-runs.ts";
import { type Cursor, formatCursor, parseCursor } from "./cursor.ts";
import { findPage, SEARCH_LIMITS, type SearchLimits } from "./find-page.ts";
import { runCriteria } from "./run-criteria.ts";
import { Branches } from "./run-source.ts";
import type { ViewTables } from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { loadRow, type StoredRow } from "./stored-row.ts";
import { type LiveView, liveView } from "./views.ts";

/** Searches the live view, whichever it is when it is asked. */
export class SqlRunSearch implements RunSearch {
  readonly #database: SqlDatabase;
  readonly #limits: SearchLimits;

  constructor(database: SqlDatabase, limits: SearchLimits = SEARCH_LIMITS) {
    this.#database = database;
    this.#limits = limits;
  }

  async row(id: string): Promise<RunRow | undefined> {
    return this.#ask(undefined, async (db, { tables: { runs } }) => {
      const { rows } = await sql<StoredRow>`
        select * from ${sql.table(runs)} where id = ${clean(id)}`.execute(db);
      return rows[0] && loadRow(rows[0]);
    });
  }

  async list(query: RunQuery, { limit, after }: PageRequest): Promise<RunPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw new InvalidOptionError("limit", limit, `use 1 to ${MAX_PAGE.toLocaleString("en")}`);
    }
    const order = query.order ?? DEFAULT_ORDER;
    const cursor = after === undefined ? undefined : parseCursor(after, order);
    return this.#ask(EMPTY_PAGE, async (db, { tables, ...spread }) => {
      const branches = new Branches(this.#database, tables);
      const criteria = runCriteria(query, branches, spread);
      if (criteria.impossible) return EMPTY_PAGE;
      const found = await findPage({
        db,
        branches,
        criteria,
        order,
        cursor,
        limit: limit + 1,
        limits: this.#limits,
      });
      const rows = found.slice(0, limit);
      const last = found.length > limit ? rows.at(-1) : undefined;
      return {
        rows: rows.map(loadRow),
        next: last && formatCursor(cursorAt(last, order, tables)),
      };
    });
  }

  async count(query: RunQuery, atMost: number = DEFAULT_AT_MOST): Promise<RunCount> {
    if (!(atMost >= 1)) throw new InvalidOptionError("atMost", atMost, "use 1 or more");
    return this.#ask(NONE, async (db, { tables, ...spread }) => {
      const branches = new Branches(this.#database, tables);
      const criteria = runCriteria(query, branches, spread);
      if (criteria.impossible) return NONE;
      const most = Math.min(Math.floor(atMost), Number.MAX_SAFE_INTEGER / 8);
      return countRuns({ db, branches, criteria, atMost: most });
    });
  }

  async stats(): Promise<readonly RunStats[]> {
    return this.#ask([], async (db, { tables: { stats } }) => {
      const { rows } = await sql<StoredStats>`
        select flow, queue, status, n as count from ${sql.table(stats)}
        order by flow, queue, status`.execute(db);
      return rows;
    });
  }

  async candidates(which: RunCandidates, page: CandidatePage): Promise<readonly RunRow[]> {
    return this.#ask([], (db, { tables }) => candidateRuns(db, tables, which, page));
  }

  /** `none` is the answer when there is no view yet. */
  async #ask<T>(
    none: T,
    question: (db: Kysely<unknown>, view: LiveView) => Promise<T>,
  ): Promise<T> {
    const db = this.#database.read;
    for (let attempt = 1; ; attempt++) {
      try {
        const view = await liveView(db);
        return view === undefined ? none : await question(db, view);
      } catch (error) {
        // Another view has taken its place between the two statements.
        if (this.#database.isMissingTable(error) && attempt < MAX_ATTEMPTS) continue;
        throw this.#database.translate(error);
      }
    }
  }
}

const MAX_PAGE = 1_000;
const DEFAULT_AT_MOST = 10_000;
const MAX_ATTEMPTS = 3;
const EMPTY_PAGE: RunPage = Object.freeze({ rows: Object.freeze([]), next: undefined });
const NONE: RunCount = Object.freeze({ count: 0, exact: true });

interface StoredStats {
  readonly flow: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly count: number;
}

function cursorAt(
  row: StoredRow & { readonly run: number },
  order: RunOrder,
  { generation }: ViewTables,
): Cursor {
  const time = row[`${order.by}_at`];
  return { order, generation, time, submitted: row.submitted_at, run: row.run };
}
