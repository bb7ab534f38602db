/** How many runs of a queue or flow this worker has active at once, whatever others have. */
export class LocalLimits {
  readonly #limits: ReadonlyMap<string, number>;
  readonly #used = new Map<string, number>();

  constructor(limits: ReadonlyMap<string, number>) {
    this.#limits = limits;
  }

  /** The limits that a run comes under, by name. */
  namesOf(queue: string, flow: string): readonly string[] {
    return [...new Set([queue, flow])].filter((name) => this.#limits.has(name));
  }

  room(name: string): number {
    const limit = this.#limits.get(name) ?? Number.POSITIVE_INFINITY;
    return Math.max(0, limit - (this.#used.get(name) ?? 0));
  }

  take(names: readonly string[]): void {
    for (const name of names) this.#used.set(name, (this.#used.get(name) ?? 0) + 1);
  }

  give(names: readonly string[]): void {
    for (const name of names) this.#used.set(name, (this.#used.get(name) ?? 0) - 1);
  }
}
