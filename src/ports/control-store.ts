import type { WriteOutcome } from "./run-log.ts";

/**
 * Small records of a namespace that several processes change: queue settings, slots, cached outcomes. No run's life depends
 * on one. Promises, which one contract suite checks on every adapter:
 *
 * - A write is stored only if `expected` is the record's revision, 0 when there is none. Of two that expect the same one is
 *   stored.
 * - What a write gave a revision for is durable, and every later `read` sees it. Revisions rise.
 * - A record with a time to live is gone some seconds after that time at the latest, and never before it.
 */
export interface ControlStore {
  /** The record as it is, from the leader. */
  read(key: string): Promise<ControlRecord | undefined>;
  /** Replaces the record. Keys are tokens with dots between them. `ttlMs` counts in whole seconds, rounded up. */
  write(
    key: string,
    data: Uint8Array,
    expected: number,
    options?: { readonly ttlMs?: number },
  ): Promise<WriteOutcome>;
  /** The records whose keys begin with these tokens, in no order. May be behind by an instant. */
  list(prefix: string): Promise<readonly ControlRecord[]>;
  /**
   * Tells of the record as it is, and then of each change. A change that is not told of (I6) is found out after a
   * reconnect or half a minute. Resolves when the record was told of once.
   */
  watch(key: string, onRecord: (record: ControlRecord | undefined) => void): Promise<() => void>;
}

export interface ControlRecord {
  readonly key: string;
  readonly revision: number;
  readonly data: Uint8Array;
}

/** How often a watched record is read although nothing was told. */
export const WATCH_AGAIN_MS = 30_000;
