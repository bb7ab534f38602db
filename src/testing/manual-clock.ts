import type { Clock } from "../ports/clock.ts";
import { TimerLine } from "./timer-line.ts";

/**
 * A clock that a test moves by hand. Timers run in the order in which they are due, and whatever a timer set going has
 * come to rest before the next one runs: the same test takes the same course each time.
 */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new TimerLine();

  /** `startMs` in milliseconds since 1970. */
  constructor(startMs = 1_750_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void): () => void {
    return this.#timers.add(this.#now + Math.max(0, delayMs), call);
  }

  /** When the next timer is due, in milliseconds since 1970, if there is one. */
  get nextDueAt(): number | undefined {
    return this.#timers.nextDueAt;
  }

  /** Moves on by so many milliseconds, running the timers that come due. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    while ((this.nextDueAt ?? Number.POSITIVE_INFINITY) <= end) await this.#step();
    this.#now = end;
  }

  /**
   * Moves on until the promise is settled, and gives what it gives.
   * @throws what the promise rejects with, and an error when it is open after `limitMs`.
   */
  async until<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const state = { open: true };
    const settled = (): void => {
      state.open = false;
    };
    promise.then(settled, settled);
    await this.untilTrue(() => !state.open, limitMs);
    return promise;
  }

  /** Moves on until the condition holds. @throws an error when it does not within `limitMs`. */
  async untilTrue(condition: () => boolean, limitMs = 3_600_000): Promise<void> {
    const end = this.#now + limitMs;
    await this.settle();
    while (!condition()) {
      if ((this.nextDueAt ?? Number.POSITIVE_INFINITY) > end) {
        if (await comesByItself(condition)) return;
        throw new Error(`What was waited for did not come within ${limitMs} ms of this clock.`);
      }
      await this.#step();
    }
  }

  /** Lets microtasks, ticks and immediates run that are pending, and those that they ask for in turn. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  }

  async #step(): Promise<void> {
    const timer = this.#timers.takeDue(Number.POSITIVE_INFINITY);
    if (timer === undefined) return;
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.call();
    await this.settle();
  }
}

/** Immediates that ask for immediates: no part of Millrace goes deeper. */
const TURNS = 4;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What takes the machine's time, such as a file that is packed, needs none of this clock's: it is waited for a second. */
async function comesByItself(condition: () => boolean): Promise<boolean> {
  for (let look = 0; look < LOOKS && !condition(); look++) {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
  return condition();
}

const LOOK_MS = 20;
const LOOKS = 50;
