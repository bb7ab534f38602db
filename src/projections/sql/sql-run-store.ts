import type { RunSearch, RunStore, RunView } from "../run-store.ts";
import { SEARCH_LIMITS, type SearchLimits } from "./find-page.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { SqlRunSearch } from "./sql-run-search.ts";
import { SqlRunView } from "./sql-run-view.ts";
import { openView, prepareStore, switchViews } from "./views.ts";

/** The views of one database. */
export class SqlRunStore implements RunStore {
  readonly view: RunSearch;
  readonly #database: SqlDatabase;

  private constructor(database: SqlDatabase, limits: SearchLimits) {
    this.#database = database;
    this.view = new SqlRunSearch(database, limits);
  }

  static async open(
    database: SqlDatabase,
    limits: SearchLimits = SEARCH_LIMITS,
  ): Promise<SqlRunStore> {
    try {
      await prepareStore(database);
      return new SqlRunStore(database, limits);
    } catch (error) {
      await database.close();
      throw database.translate(error);
    }
  }

  async open(target: "live" | "rebuild", version: string): Promise<RunView> {
    return this.#translated(async () => {
      const tables = await openView(this.#database, target, version);
      return new SqlRunView(this.#database, tables);
    });
  }

  async switchOver(): Promise<void> {
    await this.#translated(async () => switchViews(this.#database));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#database.translate(error);
    }
  }
}
