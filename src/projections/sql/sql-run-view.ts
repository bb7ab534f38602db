import { type Kysely, type RawBuilder, sql } from "kysely";
import type { RunRow } from "../run-row.ts";
import type { Checkpoint, RowBatch, RunView } from "../run-store.ts";
import { RUN_COLUMNS, type ViewTables } from "./schema.ts";
import { numbersOf, termsOf } from "./search-terms.ts";
import type { Column, SqlDatabase, SqlRow } from "./sql-database.ts";
import { ViewDamagedError, ViewGoneError } from "./store-errors.ts";
import { loadRow, type StoredRow, storeRow } from "./stored-row.ts";
import type { Spread } from "./views.ts";

/** Writes one view: rows, what they are found by and counts change together with the checkpoint. */
export class SqlRunView implements RunView {
  readonly #database: SqlDatabase;
  readonly #tables: ViewTables;

  constructor(database: SqlDatabase, tables: ViewTables) {
    this.#database = database;
    this.#tables = tables;
  }

  readonly checkpoints = async (): Promise<readonly Checkpoint[]> =>
    this.#guarded(async () => {
      const { rows } = await sql<Checkpoint>`
        select part as partition, sequence, stored_at as "storedAt", incarnation
        from ${sql.table(this.#tables.checkpoints)} order by part`.execute(this.#database.read);
      return rows;
    });

  async rows(ids: readonly string[]): Promise<ReadonlyMap<string, RunRow>> {
    if (ids.length === 0) return new Map();
    return this.#guarded(async () => {
      const asked = this.#database.rows(
        [ID],
        ids.map((id) => ({ id })),
      );
      const { rows } = await sql<StoredRow>`
        select r.* from ${asked} as x cross join ${sql.table(this.#tables.runs)} as r where r.id = x.id`.execute(
        this.#database.read,
      );
      return new Map(rows.map((row) => [row.id, loadRow(row)]));
    });
  }

  async commit(batch: RowBatch): Promise<boolean> {
    const added: RunRow[] = [];
    const changed: Changed[] = [];
    for (const { before, after } of batch.rows) {
      if (before === undefined) added.push(after);
      else changed.push({ before, after });
    }
    return this.#guarded(async () =>
      this.#database.transaction(async (db) => {
        const firstRun = await this.#reserve(db, added.length, spreadOf(batch.rows));
        if (!(await this.#moveCheckpoint(db, batch))) return false;
        await this.#insert(db, added, firstRun);
        await this.#update(db, changed);
        await this.#updateFinds(db, changed);
        await this.#count(db, batch.rows);
        return true;
      }),
    );
  }

  // Locks the view's row too: commits to one view are one after the other, whatever their partitions.
  async #reserve(db: Kysely<unknown>, count: number, { ahead, behind }: Spread): Promise<number> {
    const { rows } = await sql<{ next_run: number }>`
      update views set next_run = next_run + ${sql.lit(count)},
        ahead = case when ahead < ${sql.lit(ahead)} then ${sql.lit(ahead)} else ahead end,
        behind = case when behind < ${sql.lit(behind)} then ${sql.lit(behind)} else behind end
      where generation = ${this.#tables.generation} returning next_run`.execute(db);
    const next = rows[0]?.next_run;
    if (next === undefined) throw new ViewGoneError();
    return next - count;
  }

  async #moveCheckpoint(
    db: Kysely<unknown>,
    { partition, expected, checkpoint }: RowBatch,
  ): Promise<boolean> {
    const table = sql.table(this.#tables.checkpoints);
    const { sequence, storedAt, incarnation } = checkpoint;
    const moved = await sql`
      update ${table} set sequence = ${sequence}, stored_at = ${storedAt}, incarnation = ${incarnation}
      where part = ${partition} and sequence = ${expected}`.execute(db);
    if (moved.numAffectedRows === 1n) return true;
    if (expected !== 0) return false;
    const made = await sql`
      insert into ${table} (part, sequence, stored_at, incarnation)
      values (${partition}, ${sequence}, ${storedAt}, ${incarnation})
      on conflict (part) do nothing`.execute(db);
    return made.numAffectedRows === 1n;
  }

  async #insert(db: Kysely<unknown>, rows: readonly RunRow[], firstRun: number): Promise<void> {
    if (rows.length === 0) return;
    const stored = rows.map((row, at) => ({ run: firstRun + at, ...storeRow(row) }));
    await this.#insertAll(db, this.#tables.runs, RUN_COLUMNS, stored);
    const finds = rows.map((row, at) => ({
      keys: { submitted_at: row.submittedAt, run: firstRun + at },
      terms: termsOf(row),
      numbers: numbersOf(row),
    }));
    await this.#insertAll(
      db,
      this.#tables.terms,
      TERM_COLUMNS,
      finds.flatMap(({ keys, terms }) => terms.map((term) => ({ term, ...keys }))),
    );
    await this.#insertAll(
      db,
      this.#tables.numbers,
      NUMBER_COLUMNS,
      finds.flatMap(({ keys, numbers }) => numbers.map((number) => ({ ...number, ...keys }))),
    );
  }

  async #insertAll(
    db: Kysely<unknown>,
    table: string,
    columns: readonly Column[],
    rows: readonly SqlRow[],
  ): Promise<void> {
    if (rows.length > 0) await this.#database.insert(db, table, columns, rows);
  }

  // Rows in which the same columns have changed go together: an index whose columns stay the same is not written.
  async #update(db: Kysely<unknown>, changed: readonly Changed[]): Promise<void> {
    const groups = new Map<string, { columns: readonly Column[]; rows: StoredRow[] }>();
    for (const { before, after } of changed) {
      const [old, now] = [storeRow(before), storeRow(after)];
      const columns = STORED_COLUMNS.filter(({ name }) => old[name] !== now[name]);
      if (columns.length === 0) continue;
      const group = columns.map(({ name }) => name).join();
      const known = groups.get(group);
      if (known === undefined) groups.set(group, { columns, rows: [now] });
      else known.rows.push(now);
    }
    for (const { columns, rows } of groups.values()) {
      const set = columns.map(({ name }) => sql`${sql.ref(name)} = ${sql.ref(`x.${name}`)}`);
      const given = this.#database.rows([...columns, ID], rows.map(only([...columns, ID])));
      const runs = sql.table(this.#tables.runs);
      const { numAffectedRows } = await sql`
        update ${runs} set ${sql.join(set)} from ${given} as x
        where ${runs}.id = x.id`.execute(db);
      if (numAffectedRows !== BigInt(rows.length)) {
        throw new ViewDamagedError(
          `of ${rows.length} runs that it gave, it has ${numAffectedRows ?? 0}`,
        );
      }
    }
  }

  async #updateFinds(db: Kysely<unknown>, changed: readonly Changed[]): Promise<void> {
    const gone: FindChanges = { terms: [], numbers: [] };
    const come: FindChanges = { terms: [], numbers: [] };
    for (const { before, after } of changed) {
      if (hasSameFinds(before, after)) continue;
      collect(gone, before, after);
      collect(come, after, before);
    }
    const { runs, terms, numbers } = this.#tables;
    await this.#forRuns(
      db,
      GONE_TERM_COLUMNS,
      gone.terms,
      (x) => sql`
      delete from ${sql.table(terms)} where (term, submitted_at, run) in
      (select x.term, x.submitted_at, r.run from ${x} as x cross join ${sql.table(runs)} as r where r.id = x.id)`,
    );
    await this.#forRuns(
      db,
      GONE_NUMBER_COLUMNS,
      gone.numbers,
      (x) => sql`
      delete from ${sql.table(numbers)} where (run, name) in
      (select r.run, x.name from ${x} as x cross join ${sql.table(runs)} as r where r.id = x.id)`,
    );
    await this.#forRuns(
      db,
      GONE_TERM_COLUMNS,
      come.terms,
      (x) => sql`
      insert into ${sql.table(terms)} (term, submitted_at, run)
      select x.term, x.submitted_at, r.run from ${x} as x cross join ${sql.table(runs)} as r where r.id = x.id`,
    );
    await this.#forRuns(
      db,
      COME_NUMBER_COLUMNS,
      come.numbers,
      (x) => sql`
      insert into ${sql.table(numbers)} (name, value, submitted_at, run)
      select x.name, x.value, x.submitted_at, r.run from ${x} as x cross join ${sql.table(runs)} as r where r.id = x.id`,
    );
  }

  async #forRuns(
    db: Kysely<unknown>,
    columns: readonly Column[],
    rows: readonly SqlRow[],
    statement: (rows: RawBuilder<unknown>) => RawBuilder<unknown>,
  ): Promise<void> {
    if (rows.length > 0) await statement(this.#database.rows(columns, rows)).execute(db);
  }

  async #count(db: Kysely<unknown>, rows: RowBatch["rows"]): Promise<void> {
    const counts = new Map<string, { flow: string; queue: string; status: string; n: number }>();
    const add = ({ flow, queue, status }: RunRow, by: number): void => {
      const key = `${flow}\n${queue}\n${status}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { flow, queue, status, n: by });
      else known.n += by;
    };
    for (const { before, after } of rows) {
      if (before !== undefined) add(before, -1);
      add(after, 1);
    }
    const changes = [...counts.values()].filter(({ n }) => n !== 0);
    if (changes.length === 0) return;
    const stats = sql.table(this.#tables.stats);
    await sql`
      insert into ${stats} (flow, queue, status, n)
      select flow, queue, status, n from ${this.#database.rows(STATS_COLUMNS, changes)} as x where true
      on conflict (flow, queue, status) do update set n = ${stats}.n + excluded.n`.execute(db);
    await sql`delete from ${stats} where n = 0`.execute(db);
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (this.#database.isMissingTable(error)) throw new ViewGoneError();
      throw this.#database.translate(error);
    }
  }
}

interface Changed {
  readonly before: RunRow;
  readonly after: RunRow;
}

function spreadOf(rows: RowBatch["rows"]): Spread {
  let [ahead, behind] = [0, 0];
  for (const { after } of rows) {
    for (const time of [after.startedAt, after.closedAt]) {
      if (time === 0) continue;
      ahead = Math.max(ahead, after.submittedAt - time);
      behind = Math.max(behind, time - after.submittedAt);
    }
  }
  return { ahead, behind };
}

interface FindChanges {
  readonly terms: SqlRow[];
  readonly numbers: SqlRow[];
}

/** What `run` is found by and `other`, which is the same run at another time, is not. */
function collect(into: FindChanges, run: RunRow, other: RunRow): void {
  const keys = { id: run.id, submitted_at: run.submittedAt };
  const moved = run.submittedAt !== other.submittedAt;
  const terms = new Set(moved ? [] : termsOf(other));
  for (const term of termsOf(run)) if (!terms.has(term)) into.terms.push({ term, ...keys });
  const numbers = new Map(moved ? [] : numbersOf(other).map(({ name, value }) => [name, value]));
  for (const { name, value } of numbersOf(run)) {
    if (numbers.get(name) !== value) into.numbers.push({ name, value, ...keys });
  }
}

function hasSameFinds(before: RunRow, after: RunRow): boolean {
  return (
    before.submittedAt === after.submittedAt &&
    before.errorName === after.errorName &&
    before.errorMessage === after.errorMessage &&
    isSame(before.tags, after.tags) &&
    isSame(before.addedTags, after.addedTags) &&
    isSame(typedAttributes(before), typedAttributes(after))
  );
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one === other || (one.length === 0 && other.length === 0)) return true;
  return one.length === other.length && JSON.stringify(one) === JSON.stringify(other);
}

/** With their types: as JSON, a time looks like a text. */
function typedAttributes({ attributes }: RunRow): readonly unknown[] {
  return Object.entries(attributes).map(([name, value]) => [name, typeof value, value]);
}

function only(columns: readonly Column[]): (row: StoredRow) => SqlRow {
  const names = new Set(columns.map(({ name }) => name));
  return (row) => Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name)));
}

const ID = { name: "id", type: "text" } as const;
const SUBMITTED_AT = { name: "submitted_at", type: "integer" } as const;
const RUN = { name: "run", type: "integer" } as const;
const TERM = { name: "term", type: "text" } as const;
const NAME = { name: "name", type: "text" } as const;
const VALUE = { name: "value", type: "real" } as const;
const TERM_COLUMNS = [TERM, SUBMITTED_AT, RUN];
const NUMBER_COLUMNS = [NAME, VALUE, SUBMITTED_AT, RUN];
const GONE_TERM_COLUMNS = [ID, TERM, SUBMITTED_AT];
const GONE_NUMBER_COLUMNS = [ID, NAME];
const COME_NUMBER_COLUMNS = [ID, NAME, VALUE, SUBMITTED_AT];
const STATS_COLUMNS = [
  { name: "flow", type: "text" },
  { name: "queue", type: "text" },
  { name: "status", type: "text" },
  { name: "n", type: "integer" },
] as const;
const STORED_COLUMNS = RUN_COLUMNS.filter((column) => column.name !== "run");
