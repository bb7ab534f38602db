import type { Clock } from "../ports/clock.ts";
import type { ControlRecord } from "../ports/control-store.ts";

/** The control records of a memory broker: the last write of each key, until it expires. */
export class MemoryControlRecords {
  readonly #clock: Clock;
  readonly #records = new Map<string, { readonly record: ControlRecord; expiresAt: number }>();
  readonly #watchers = new Map<string, Set<(record: ControlRecord) => void>>();
  #lastRevision = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  read(key: string): ControlRecord | undefined {
    const found = this.#records.get(key);
    if (found === undefined || this.#clock.now() >= found.expiresAt) return undefined;
    return found.record;
  }

  list(prefix: string): readonly ControlRecord[] {
    const keys = [...this.#records.keys()].filter((key) => key.startsWith(`${prefix}.`));
    return keys.flatMap((key) => this.read(key) ?? []);
  }

  /** Stores a record and gives its revision; nothing when `expected` is not the present one. */
  store(
    key: string,
    data: Uint8Array,
    expected: number,
    ttlMs: number | undefined,
    tells: () => boolean,
  ): number | undefined {
    if ((this.read(key)?.revision ?? 0) !== expected) return undefined;
    const revision = ++this.#lastRevision;
    const wholeMs = Math.max(1, Math.ceil((ttlMs ?? 0) / 1_000)) * 1_000;
    const expiresAt = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() + wholeMs;
    const record = { key, revision, data: data.slice() };
    this.#records.set(key, { record, expiresAt });
    if (tells()) for (const tell of this.#watchers.get(key) ?? []) tell(record);
    return revision;
  }

  watch(key: string, onRecord: (record: ControlRecord) => void): () => void {
    const watchers = this.#watchers.get(key) ?? new Set();
    watchers.add(onRecord);
    this.#watchers.set(key, watchers);
    return () => watchers.delete(onRecord);
  }
}
