/**
 * One reader of the namespace's log for all who follow it live. Rules:
 *
 * - What was told last stands in a ring of bounded size. Whoever starts from further back, or is too slow for the ring,
 *   reads the log on its own until it has reached the ring: nobody is told less, or twice.
 * - A position says of each partition how far it was told. The ring holds everything after `floor`, so a position that is
 *   nowhere below it goes on from the ring.
 * - Nothing is read while nobody follows, but for a short time after the last one left: it may come back.
 */
import type { Layers } from "../../engine/partition.ts";
import type { EventFeed, FedMessage } from "../../ports/event-feed.ts";
import type { ServerHost } from "../server-host.ts";
import { formatPosition, type LogPosition, parsePosition, readLog } from "./log-position.ts";
import { changeOf, type RunChange } from "./run-change.ts";

export class ChangeTail {
  readonly #host: Pick<ServerHost, "millrace" | "clock" | "log">;
  readonly #limits: TailLimits;
  #live: Promise<LiveRing> | undefined;
  #followers = 0;
  #cancelEnd: () => void = () => undefined;

  constructor(
    host: Pick<ServerHost, "millrace" | "clock" | "log">,
    limits: Partial<TailLimits> = {},
  ) {
    this.#host = host;
    this.#limits = { ...TAIL_LIMITS, ...limits };
  }

  /**
   * Where somebody goes on who was told up to `text`, or starts who was told nothing. Not `resumed`: there is no going on
   * from there (the log is another one), so this is its end.
   * @throws {@link BrokerError}
   */
  async place(text: string | undefined): Promise<TailPlace> {
    const { log, end } = await readLog(this.#feed);
    const asked = text === undefined ? undefined : parsePosition(log, text);
    const isThere =
      asked?.length === end.length && asked.every((sequence, at) => sequence <= (end[at] ?? 0));
    return asked !== undefined && isThere
      ? { log, position: asked, resumed: true }
      : { log, position: end, resumed: false };
  }

  /**
   * All changes after a place, in the order of each partition, as they come; between them how far it is without any. Ends
   * with the signal.
   * @throws {@link FeedBrokenError}, {@link ConnectionClosedError}
   */
  async *follow(place: TailPlace, signal: AbortSignal): AsyncGenerator<ToldChanges> {
    this.#enter();
    const at = [...place.position];
    const told = (changes: readonly Change[]): ToldChanges => {
      const numbered = changes.map(({ partition, change }) => {
        at[partition] = change.sequence;
        return { id: formatPosition(place.log, at), change };
      });
      return { changes: numbered, id: formatPosition(place.log, at) };
    };
    try {
      while (!signal.aborted) {
        const ring = await this.#ring();
        for await (const changes of ring.after(at, signal)) {
          yield told(
            changes.filter(({ partition, change }) => change.sequence > (at[partition] ?? 0)),
          );
        }
        for await (const { partition, changes, upTo } of this.#catchUp(at, ring, signal)) {
          yield told(changes);
          at[partition] = upTo;
        }
      }
    } finally {
      this.#leave();
    }
  }

  /** Reads nothing more, at once. */
  stop(): void {
    this.#cancelEnd();
    const live = this.#live;
    this.#live = undefined;
    void live?.then((ring) => ring.end()).catch(() => undefined);
  }

  get #feed(): EventFeed {
    return this.#host.millrace.broker.feed;
  }

  #ring(): Promise<LiveRing> {
    this.#live ??= this.#start();
    return this.#live;
  }

  async #start(): Promise<LiveRing> {
    try {
      const { end } = await readLog(this.#feed);
      return new LiveRing(this.#feed, end, this.#limits, (error) => {
        this.#live = undefined;
        this.#host.log.warn({ err: error }, "The live events broke off: they start anew");
      });
    } catch (error) {
      this.#live = undefined;
      throw error;
    }
  }

  #enter(): void {
    this.#cancelEnd();
    this.#followers++;
  }

  #leave(): void {
    this.#followers--;
    if (this.#followers === 0) {
      this.#cancelEnd = this.#host.clock.after(this.#limits.lingerMs, () => this.stop());
    }
  }

  /** Reads the partitions of which the ring has less than is missing, up to where the ring is now. */
  async *#catchUp(
    at: readonly number[],
    ring: LiveRing,
    signal: AbortSignal,
  ): AsyncGenerator<{ partition: number; changes: readonly Change[]; upTo: number }> {
    for (const [partition, end] of [...ring.reached].entries()) {
      const from = at[partition] ?? 0;
      if (from >= (ring.floor[partition] ?? 0)) continue;
      const options = { signal, kinds: KINDS, upTo: end };
      for await (const messages of this.#feed.read(partition, from, options)) {
        const upTo = messages.at(-1)?.sequence ?? from;
        yield { partition, changes: changesOf(messages, this.#feed.layers), upTo };
      }
      if (!signal.aborted)
        yield { partition, changes: [], upTo: Math.max(at[partition] ?? 0, end) };
    }
  }
}

/** What stands in a ring, and how it grows. */
class LiveRing {
  /** Everything after this place is in the ring, up to `reached`. */
  readonly floor: number[];
  readonly reached: number[];
  readonly #limits: TailLimits;
  readonly #abort = new AbortController();
  readonly #wakes = new Set<() => void>();
  #changes: Change[] = [];
  /** How many were dropped before the first of them. */
  #dropped = 0;
  #failure: unknown;

  constructor(
    feed: EventFeed,
    from: LogPosition,
    limits: TailLimits,
    onFailure: (error: unknown) => void,
  ) {
    this.floor = [...from];
    this.reached = [...from];
    this.#limits = limits;
    for (const [partition, after] of from.entries()) {
      this.#read(feed, partition, after).catch((error: unknown) => {
        this.#failure = error;
        this.end();
        onFailure(error);
      });
    }
  }

  /**
   * What comes after a place, as long as the ring has all of it. Moves the place on where nothing is to be told; what it
   * gives may hold changes before the place.
   */
  async *after(at: number[], signal: AbortSignal): AsyncGenerator<readonly Change[]> {
    if (!this.#covers(at)) return;
    for (let next = this.#dropped; next >= this.#dropped && !signal.aborted; ) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#abort.signal.aborted) return;
      const changes = this.#changes.slice(next - this.#dropped, next - this.#dropped + AT_ONCE);
      next += changes.length;
      if (changes.length > 0) {
        yield changes;
        continue;
      }
      for (const [partition, sequence] of this.reached.entries()) {
        at[partition] = Math.max(at[partition] ?? 0, sequence);
      }
      yield [];
      if (next === this.#dropped + this.#changes.length) await this.#more(signal);
    }
  }

  end(): void {
    this.#abort.abort();
    this.#wake();
  }

  #covers(at: LogPosition): boolean {
    return this.floor.every((sequence, partition) => (at[partition] ?? 0) >= sequence);
  }

  async #read(feed: EventFeed, partition: number, after: number): Promise<void> {
    const { signal } = this.#abort;
    for await (const messages of feed.read(partition, after, { signal, kinds: KINDS })) {
      this.#changes.push(...changesOf(messages, feed.layers));
      this.reached[partition] = messages.at(-1)?.sequence ?? after;
      this.#trim();
      this.#wake();
    }
  }

  #trim(): void {
    const surplus = this.#changes.length - this.#limits.ringSize;
    if (surplus <= 0) return;
    for (const { partition, change } of this.#changes.splice(0, surplus)) {
      this.floor[partition] = change.sequence;
    }
    this.#dropped += surplus;
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakes.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wakes.add(wake);
      signal.addEventListener("abort", wake);
      if (signal.aborted || this.#abort.signal.aborted) wake();
    });
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
  }
}

export interface TailLimits {
  /** Changes that are kept for those who come back. */
  readonly ringSize: number;
  /** How long the log is read on when nobody follows. */
  readonly lingerMs: number;
}

/** A place in the log to go on from. */
export interface TailPlace {
  /** The log's name. */
  readonly log: string;
  readonly position: LogPosition;
  /** False when it is not where somebody asked to go on. */
  readonly resumed: boolean;
}

/** Changes, each with the position after it, and the position after all of this. */
export interface ToldChanges {
  readonly changes: readonly { readonly id: string; readonly change: RunChange }[];
  readonly id: string;
}

interface Change {
  readonly partition: number;
  readonly change: RunChange;
}

const TAIL_LIMITS: TailLimits = Object.freeze({ ringSize: 10_000, lingerMs: 60_000 });
const KINDS = ["new", "h"] as const;
const AT_ONCE = 200;

function changesOf(messages: readonly FedMessage[], layers: Layers): readonly Change[] {
  return messages.flatMap((message) => {
    const change = changeOf(message, layers);
    return change === undefined ? [] : { partition: message.partition, change };
  });
}
