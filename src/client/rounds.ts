import type { Logger } from "pino";
import type { Clock } from "../ports/clock.ts";

/** Does something again and again, one after the other: what fails is logged, and tried in the next round. */
export class Rounds {
  readonly #host: RoundsHost;
  readonly #what: string;
  readonly #everyMs: number;
  readonly #round: () => Promise<void>;
  #cancelNext: (() => void) | undefined;
  #stopped = false;
  #current: Promise<void>;

  constructor(host: RoundsHost, what: string, everyMs: number, round: () => Promise<void>) {
    this.#host = host;
    this.#what = what;
    this.#everyMs = everyMs;
    this.#round = round;
    this.#current = this.#go();
  }

  /** Resolves when the round that is under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext?.();
    await this.#current;
  }

  async #go(): Promise<void> {
    try {
      await this.#round();
    } catch (error) {
      if (!this.#stopped) {
        this.#host.log.warn(
          { err: error },
          `A round of ${this.#what} broke off: the next one tries again`,
        );
      }
    }
    if (this.#stopped) return;
    this.#cancelNext = this.#host.clock.after(
      this.#everyMs,
      () => {
        this.#current = this.#go();
      },
      "upkeep",
    );
  }
}

interface RoundsHost {
  readonly clock: Clock;
  readonly log: Logger;
}
