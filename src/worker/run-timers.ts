import type { Clock } from "../ports/clock.ts";

/** The times that one activation waits for, each under a name of its own. */
export class RunTimers {
  readonly #clock: Clock;
  readonly #cancels = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back after a while. */
  after(name: string, delayMs: number, call: () => void): void {
    const cancel = this.#clock.after(delayMs, () => {
      this.#cancels.delete(name);
      call();
    });
    this.#cancels.set(name, cancel);
  }

  /** Calls back when a recorded time has come: never early, and at once when it has passed. */
  at(name: string, time: number, call: () => void): void {
    const leftMs = time - this.#clock.now();
    if (leftMs <= 0) call();
    else this.after(name, leftMs, () => this.at(name, time, call));
  }

  has(name: string): boolean {
    return this.#cancels.has(name);
  }

  cancel(name: string): void {
    this.#cancels.get(name)?.();
    this.#cancels.delete(name);
  }

  cancelAll(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
