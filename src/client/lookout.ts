import type { Clock } from "../ports/clock.ts";

/** How often what should have been told is looked up all the same: a lost notification delays by so much (I6). */
export const LOOK_AGAIN_MS = 10_000;

/** Look-ups that a client makes at once while it waits, however many runs it waits for. */
const MAX_LOOKS = 64;

/** All look-ups of a client that waits, under one timer and one bound: ten thousand runs are waited for like one. */
export class Lookout {
  readonly #clock: Clock;
  /** In the order in which they are due: each is due so long after its last look. */
  readonly #due = new Set<Watched>();
  readonly #queue: (() => void)[] = [];
  #looking = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes one look-up, as soon as there is room for it. */
  async once<T>(look: () => Promise<T>): Promise<T> {
    // Whoever ends hands its place on: the count does not change then.
    if (this.#looking < MAX_LOOKS) this.#looking++;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await look();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#looking--;
      else next();
    }
  }

  /**
   * Looks when it is asked to, and again 10 s after each look (`isDue`), or later if there is no room. The looks of one
   * watch come one after the other; what one throws is passed over.
   */
  watch(look: (isDue: boolean) => Promise<void>): Watch {
    const watched: Watched = { look, dueAt: 0, queued: undefined, last: undefined, over: false };
    this.#lookLater(watched);
    return {
      now: () => this.#lookNow(watched, false),
      stop: () => {
        watched.over = true;
        this.#due.delete(watched);
        if (this.#due.size > 0) return;
        this.#cancelTimer?.();
        this.#cancelTimer = undefined;
      },
    };
  }

  /** One look for all that ask before it begins. */
  #lookNow(watched: Watched, isDue: boolean): Promise<void> {
    if (watched.queued !== undefined) return watched.queued;
    const { last } = watched;
    const queued = this.once(async () => {
      await last;
      watched.queued = undefined;
      if (watched.over) return;
      await watched.look(isDue).catch(() => undefined); // The broker may be away: the next look tries again.
      this.#lookLater(watched);
    });
    watched.queued = queued;
    watched.last = queued;
    return queued;
  }

  #lookLater(watched: Watched): void {
    if (watched.over) return;
    watched.dueAt = this.#clock.now() + LOOK_AGAIN_MS;
    this.#due.delete(watched);
    this.#due.add(watched);
    this.#arm();
  }

  #arm(): void {
    const [first] = this.#due;
    if (first === undefined || this.#cancelTimer !== undefined) return;
    const { dueAt } = first;
    this.#cancelTimer = this.#clock.after(
      dueAt - this.#clock.now(),
      () => {
        this.#cancelTimer = undefined;
        this.#sweep(dueAt);
      },
      "upkeep",
    );
  }

  #sweep(upTo: number): void {
    for (const watched of this.#due) {
      if (watched.dueAt > upTo) break;
      this.#due.delete(watched);
      void this.#lookNow(watched, true);
    }
    this.#arm();
  }
}

/** Something that is looked at again and again. */
export interface Watch {
  /** Looks now. Resolves after a look that began later than this call. */
  now(): Promise<void>;
  stop(): void;
}

interface Watched {
  readonly look: (isDue: boolean) => Promise<void>;
  dueAt: number;
  queued: Promise<void> | undefined;
  last: Promise<void> | undefined;
  over: boolean;
}
