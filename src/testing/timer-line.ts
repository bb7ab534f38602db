/** Timers in the order in which they are due; equal ones in the order in which they were made. */
export class TimerLine {
  readonly #timers: Timer[] = [];

  /** When the first one is due, in milliseconds since 1970, if there is one. */
  get nextDueAt(): number | undefined {
    return this.#timers[0]?.dueAt;
  }

  /** Adds a timer; the function it gives takes it back. */
  add(dueAt: number, call: () => void): () => void {
    const timer: Timer = { dueAt, call };
    this.#timers.splice(this.#placeOf(dueAt), 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at !== -1) this.#timers.splice(at, 1);
    };
  }

  /** Takes the first timer out, if it is due by then. */
  takeDue(by: number): Timer | undefined {
    return (this.nextDueAt ?? Number.POSITIVE_INFINITY) <= by ? this.#timers.shift() : undefined;
  }

  #placeOf(dueAt: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.dueAt ?? 0) <= dueAt) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface Timer {
  readonly dueAt: number;
  readonly call: () => void;
}
