import { monotonicMs } from "./monotonic-ms.ts";

/** Lets so many go on at once, and the others in the order in which they came, unless that takes too long. */
export class Turns {
  readonly #most: number;
  readonly #longestMs: number;
  /** All wait equally long, so whoever came first is the first to be late. */
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(most: number, longestMs: number) {
    this.#most = most;
    this.#longestMs = longestMs;
  }

  /**
   * True when it is the caller's turn, at once or later; then the caller calls `end` when it is over. False when it has waited
   * for too long.
   */
  begin(): true | Promise<boolean> {
    if (this.#underWay < this.#most) {
      this.#underWay++;
      return true;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ until: monotonicMs() + this.#longestMs, resolve });
      this.#watch();
    });
  }

  /** A turn is over: the next one begins. */
  end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underWay--;
    else next.resolve(true);
  }

  #watch(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#sendAway();
        this.#watch();
      },
      Math.max(SWEEP_MS, first.until - monotonicMs()),
    ).unref();
  }

  #sendAway(): void {
    const now = monotonicMs();
    while ((this.#waiting[0]?.until ?? Number.POSITIVE_INFINITY) <= now) {
      this.#waiting.shift()?.resolve(false);
    }
  }
}

interface Waiting {
  readonly until: number;
  readonly resolve: (isTurn: boolean) => void;
}

/** Those who are late together are sent away together. */
const SWEEP_MS = 100;
