import type { Clock } from "../../ports/clock.ts";

/**
 * The broker's time on a machine whose own clock may be wrong: due times are the broker's, so that it does not matter which
 * worker has one.
 */
export class BrokerClock {
  readonly #clock: Clock;
  readonly #ask: () => Promise<number>;
  #aheadMs = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;

  /** `ask` gives the broker's time at some moment while it is asked. */
  constructor(clock: Clock, ask: () => Promise<number>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Not ahead of the broker's clock, and behind it by little: what an answer takes. */
  now(): number {
    return Math.floor(this.#clock.now() + this.#aheadMs);
  }

  /** Compares the clocks, unless that was done within `freshMs`. Without an answer it stays as it was. */
  async measure(freshMs: number): Promise<void> {
    const asked = this.#clock.now();
    // A clock that was put back makes the age negative.
    const age = asked - this.#measuredAt;
    if (age >= 0 && age < freshMs) return;
    try {
      const theirs = await this.#ask();
      const answered = this.#clock.now();
      this.#aheadMs = theirs - answered;
      this.#measuredAt = answered;
    } catch {
      // The broker is away: what needs it next says so.
    }
  }
}
