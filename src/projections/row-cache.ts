import type { RunRow } from "./run-row.ts";

/** The rows that were used last, up to a number of them: those of runs that go on are not read again for each event. */
export class RowCache {
  readonly #rows = new Map<string, RunRow>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(id: string): boolean {
    return this.#rows.has(id);
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
