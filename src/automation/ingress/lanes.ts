/**
 * Work in lanes: of one lane one after the other in the order in which it came, of different lanes at once, up to a limit.
 */
export class Lanes {
  readonly #limit: number;
  /** The last of each lane that has any. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `work` must not throw. */
  add(lane: string, work: () => Promise<void>): void {
    const before = this.#last.get(lane);
    const done = before === undefined ? this.#run(work) : before.then(() => this.#run(work));
    this.#last.set(lane, done);
    void done.then(() => {
      if (this.#last.get(lane) === done) this.#last.delete(lane);
    });
  }

  /** Resolves when all that was added is done. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }

  async #run(work: () => Promise<void>): Promise<void> {
    if (this.#running >= this.#limit) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else this.#running++;
    await work();
    const next = this.#waiting[this.#next];
    if (next === undefined) this.#running--;
    else {
      this.#next++;
      next();
    }
    this.#forgetStarted();
  }

  /** Shifting each one out of a long array costs as much as the array is long. */
  #forgetStarted(): void {
    if (this.#next < 1_024 && this.#next < this.#waiting.length) return;
    this.#waiting.splice(0, this.#next);
    this.#next = 0;
  }
}
