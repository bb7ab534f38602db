import type { RunRow } from "./run-row.ts";

/** The rows that were used last, up to a number of them: those of runs that go on are not read again for each event. */
export class RowCache {
  readonly #rows = new Map<string, RunRow>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether it is there. It counts as used now: of what is put next, as much as fits beside it takes the place of others. */
  touch(id: string): boolean {
    const row = this.#rows.get(id);
    if (row === undefined) return false;
    this.#rows.delete(id);
    this.#rows.set(id, row);
    return true;
  }

  get(id: string): RunRow | undefined {
    return this.#rows.get(id);
  }

  put(row: RunRow): void {
    this.#rows.delete(row.id);
    this.#rows.set(row.id, row);
    if (this.#rows.size <= this.#limit) return;
    const oldest = this.#rows.keys().next();
    if (oldest.done !== true) this.#rows.delete(oldest.value);
  }
}
