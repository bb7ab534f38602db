import type { Logger } from "pino";
import { MillraceError } from "../engine/millrace-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventFeed } from "../ports/event-feed.ts";
import { foldBatch } from "./fold-batch.ts";
import { PartitionLag } from "./partition-lag.ts";
import { pause } from "./pause.ts";
import type { ProjectorState, ProjectorStatus } from "./projector-status.ts";
import { type Chunk, ReadAhead } from "./read-ahead.ts";
import { RowCache } from "./row-cache.ts";
import type { Checkpoint, RowBatch, RunView } from "./run-store.ts";

/**
 * Folds one partition into a view, from the view's checkpoint on. Rows and checkpoint are stored together, and only if the
 * checkpoint is where this projector left it: whatever it held in memory is thrown away otherwise, and read again.
 *
 * Of several projectors one folds. The others stand by: they take over when there is something to fold and the checkpoint
 * has stood still for {@link STALLED_MS}.
 */
export class PartitionProjector {
  readonly #parts: PartitionParts;
  readonly #lag = new PartitionLag();
  #ahead: ReadAhead | undefined;
  /** Messages that were taken and are not stored. */
  #underWay = 0;
  #state: ProjectorState = "starting";
  #standsBy = false;
  #lastError = "";
  #lastWriteAt = 0;
  /** How many messages are stored together. */
  #batch = LEAST_BATCH;

  constructor(parts: PartitionParts) {
    this.#parts = parts;
  }

  get status(): ProjectorStatus {
    const { partition, clock } = this.#parts;
    const lag = this.#lag.now({
      now: clock.now(),
      waiting: (this.#ahead?.waiting ?? 0) + this.#underWay,
      oldestStoredAt: this.#ahead?.oldestStoredAt,
      lastReadAt: this.#ahead?.lastReadAt ?? 0,
    });
    return {
      partition,
      state: this.#state,
      sequence: this.#lag.written,
      lagEvents: lag.events,
      lagSeconds: lag.seconds,
      eventsPerSecond: lag.perSecond,
      lastError: this.#lastError,
    };
  }

  /** Goes on until the signal aborts, all that was asked for is folded, or it makes no sense to go on with this view. */
  async run(signal: AbortSignal): Promise<ProjectionEnd> {
    const { clock, log, partition } = this.#parts;
    const watching = this.#watchTip(signal);
    let end: ProjectionEnd | undefined;
    for (let failures = 0; end === undefined && !signal.aborted; ) {
      try {
        end = await this.#session(signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (error instanceof MillraceError && error.code === "VIEW_GONE") {
          end = { kind: "gone" };
          continue;
        }
        this.#state = "retrying";
        this.#lastError = error instanceof Error ? error.message : String(error);
        log.warn({ err: error, partition }, "The projection cannot go on, and tries again");
        await pause(clock, Math.min(BACKOFF_MS * 2 ** failures++, MAX_BACKOFF_MS), signal);
      }
    }
    this.#state = "stopped";
    if (signal.aborted) await watching;
    return end ?? { kind: "stopped" };
  }

  /** From the view's checkpoint on, as long as all goes well and nobody else moves it. */
  async #session(signal: AbortSignal, onWell: () => void): Promise<ProjectionEnd | undefined> {
    const { feed, partition, view, upTo } = this.#parts;
    const checkpoint = await this.#checkpoint(view);
    const { incarnation, last } = await feed.extent(partition);
    const mismatch = whyDifferent(checkpoint, incarnation, last);
    if (mismatch !== undefined) return this.#sure(mismatch, signal);
    const from = checkpoint?.sequence ?? 0;
    this.#lag.begin(from);
    if (upTo !== undefined && from >= upTo) return DONE;
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      return await this.#follow({ view, from, incarnation }, over.signal, onWell);
    } finally {
      signal.removeEventListener("abort", end);
      end();
      this.#ahead = undefined;
      this.#underWay = 0;
    }
  }

  async #follow(
    place: Place,
    signal: AbortSignal,
    onWell: () => void,
  ): Promise<ProjectionEnd | undefined> {
    const { feed, partition, clock, limitBytes, upTo } = this.#parts;
    const options = { signal, ...(upTo === undefined ? {} : { upTo }) };
    const ahead = new ReadAhead(feed.read(partition, place.from, options), {
      layers: feed.layers,
      limitBytes: this.#standsBy ? STANDBY_BYTES : limitBytes,
      signal,
      now: () => clock.now(),
    });
    this.#ahead = ahead;
    if (this.#standsBy && !(await this.#isStalled(place, ahead, signal))) {
      return !signal.aborted && ahead.hasEnded() ? DONE : undefined;
    }
    ahead.limitBytes = limitBytes;
    this.#state = "reading";
    const isOwn = await this.#fold(place, ahead, signal, onWell);
    if (signal.aborted || !isOwn) return undefined;
    if (upTo !== undefined) return DONE;
    throw new Error(`Partition ${partition} is told no more of.`);
  }

  /**
   * While one batch is being stored, the next one is read, and the rows that it needs.
   * @returns true when nothing more comes; false when another projector has moved the checkpoint.
   */
  async #fold(
    { view, from: begin, incarnation }: Place,
    ahead: ReadAhead,
    signal: AbortSignal,
    onWell: () => void,
  ): Promise<boolean> {
    const { partition } = this.#parts;
    const cache = new RowCache(CACHED_ROWS);
    let written = Promise.resolve(true);
    for (let from = begin; ; ) {
      if (ahead.waiting === 0 && !(await written)) break;
      const chunk = await this.#next(ahead, signal);
      if (chunk === undefined) {
        if (await written) return true;
        break;
      }
      this.#underWay += chunk.messages;
      // What the write under way changes is in the cache: the rest is not changed by it.
      const loaded = await Promise.all([load(view, cache, chunk), written]);
      if (!loaded[1]) break;
      const rows = foldBatch((id) => cache.get(id), chunk.facts);
      for (const { after } of rows) cache.put(after);
      const { sequence, storedAt } = chunk;
      const checkpoint = { partition, sequence, storedAt, incarnation };
      written = this.#write(view, { partition, expected: from, checkpoint, rows }, chunk, onWell);
      // Awaited above; until then nobody is to take it for unhandled.
      written.catch(() => undefined);
      from = sequence;
    }
    this.#standsBy = true;
    this.#state = "standby";
    return false;
  }

  async #write(
    view: RunView,
    batch: RowBatch,
    { sequence, messages }: Chunk,
    onWell: () => void,
  ): Promise<boolean> {
    const { clock } = this.#parts;
    this.#lastWriteAt = clock.now();
    if (!(await view.commit(batch))) return false;
    this.#adapt(clock.now() - this.#lastWriteAt);
    this.#underWay -= messages;
    this.#lag.folded(sequence, messages, clock.now());
    this.#lastError = "";
    onWell();
    return true;
  }

  /** What has come; after a write it is gathered for a moment, so that what comes one by one is not stored one by one. */
  async #next(ahead: ReadAhead, signal: AbortSignal): Promise<Chunk | undefined> {
    const { clock } = this.#parts;
    await ahead.reached(1, signal);
    const left = this.#lastWriteAt + GATHER_MS - clock.now();
    if (left > 0) await within(clock, left, (over) => ahead.reached(this.#batch, over));
    return ahead.take(this.#batch, BATCH_BYTES);
  }

  /** Many at once cost less each. But a database in this process stops everything else in it while it writes. */
  #adapt(tookMs: number): void {
    if (tookMs > LONG_WRITE_MS) this.#batch = Math.max(LEAST_BATCH, this.#batch / 2);
    else if (tookMs < SHORT_WRITE_MS) this.#batch = Math.min(MOST_BATCH, this.#batch * 2);
  }

  /** Stands by: true when there is something to fold, and nobody does. */
  async #isStalled({ view, from }: Place, ahead: ReadAhead, signal: AbortSignal): Promise<boolean> {
    const { clock, log, partition } = this.#parts;
    this.#state = "standby";
    for (let isBehind = false; !isBehind; ) {
      if (ahead.hasEnded()) return false;
      isBehind = ahead.waiting > 0;
      // With nothing to fold, a look whether there still is such a view.
      if (isBehind) await pause(clock, STALLED_MS, signal);
      else await within(clock, STANDBY_LOOK_MS, (over) => ahead.reached(1, over));
      if (signal.aborted) return false;
      const now = await this.#checkpoint(view);
      if ((now?.sequence ?? 0) !== from) return false;
    }
    this.#standsBy = false;
    log.info({ partition, sequence: from }, "This projector takes over where another one stopped");
    return true;
  }

  /** A new leader may say for an instant that it has less than it has: nothing is thrown away for that. */
  async #sure(mismatch: string, signal: AbortSignal): Promise<ProjectionEnd | undefined> {
    const { feed, partition, clock, view } = this.#parts;
    for (let time = 0; time < SURE_TIMES; time++) {
      await pause(clock, SURE_MS, signal);
      if (signal.aborted) return undefined;
      const checkpoint = await this.#checkpoint(view);
      const { incarnation, last } = await feed.extent(partition);
      if (whyDifferent(checkpoint, incarnation, last) === undefined) return undefined;
    }
    return { kind: "mismatch", why: `Partition ${partition}: ${mismatch}` };
  }

  async #checkpoint(view: RunView): Promise<Checkpoint | undefined> {
    const checkpoints = await view.checkpoints();
    return checkpoints.find(({ partition }) => partition === this.#parts.partition);
  }

  /** Only for the status. */
  async #watchTip(signal: AbortSignal): Promise<void> {
    const { feed, partition, clock } = this.#parts;
    while (!signal.aborted && this.#state !== "stopped") {
      const extent = await feed.extent(partition).catch(() => undefined);
      if (extent !== undefined) this.#lag.seen(extent.last, clock.now());
      await pause(clock, TIP_MS, signal);
    }
  }
}

/**
 * - `stopped`: its signal aborted.
 * - `done`: the view holds all that was asked for.
 * - `gone`: another view took the place of this one.
 * - `mismatch`: the view cannot have been made of this stream.
 */
export type ProjectionEnd =
  | { readonly kind: "stopped" | "done" }
  | { readonly kind: "gone" }
  | { readonly kind: "mismatch"; readonly why: string };

export interface PartitionParts {
  readonly partition: number;
  readonly feed: EventFeed;
  readonly view: RunView;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes that are read ahead, at most. */
  readonly limitBytes: number;
  /** The sequence after which it is done. Default: it goes on for ever. */
  readonly upTo?: number;
}

/** Where a view stood when it was opened. */
interface Place {
  readonly view: RunView;
  readonly from: number;
  readonly incarnation: string;
}

const DONE: ProjectionEnd = { kind: "done" };
const LEAST_BATCH = 1_000;
const MOST_BATCH = 8_000;
const SHORT_WRITE_MS = 50;
const LONG_WRITE_MS = 150;
const BATCH_BYTES = 8_388_608;
const GATHER_MS = 50;
/** More than two batches: no row is forgotten of one that is being stored, nor of the next, whose rows are being read. */
const CACHED_ROWS = 20_000;
const STANDBY_BYTES = 262_144;
const STALLED_MS = 2_000;
const STANDBY_LOOK_MS = 1_000;
const BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
const TIP_MS = 2_000;
const SURE_TIMES = 4;
const SURE_MS = 500;

/** Waits so long at most. */
async function within(
  clock: Clock,
  ms: number,
  wait: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const cancel = clock.after(ms, () => over.abort());
  await wait(over.signal);
  cancel();
}

/** Why the view cannot have been made of this stream, if so. */
function whyDifferent(
  checkpoint: Checkpoint | undefined,
  incarnation: string,
  last: number,
): string | undefined {
  if (checkpoint === undefined) return undefined;
  if (checkpoint.incarnation !== incarnation) {
    return `its stream was made anew at ${incarnation}; the view is of that of ${checkpoint.incarnation}`;
  }
  if (checkpoint.sequence <= last) return undefined;
  return `its stream ends at ${last}, and the view has read it up to ${checkpoint.sequence}`;
}

/** Puts the rows that a chunk needs into the cache. Those that are there must not make room for those that are not. */
async function load(view: RunView, cache: RowCache, { facts }: Chunk): Promise<void> {
  const missing = new Set<string>();
  for (const { run } of facts) if (!cache.touch(run.id)) missing.add(run.id);
  if (missing.size === 0) return;
  const rows = await view.rows([...missing]);
  for (const row of rows.values()) cache.put(row);
}
