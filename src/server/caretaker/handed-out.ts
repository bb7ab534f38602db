import type { QueueProgress } from "../../ports/work-queue.ts";

/** Tells messages that only wait in their queue from those that somebody was handed: none of the former is lost. */
export class HandedOut {
  readonly #upTo: ReadonlyMap<string, number>;

  constructor(progress: readonly QueueProgress[]) {
    const inputs = progress.filter(({ kind }) => kind === "in");
    this.#upTo = new Map(
      inputs.map(({ partition, place, handedOutUpTo }) => [`${partition}/${place}`, handedOutUpTo]),
    );
  }

  /** False for an input that is still to come, also in a queue that nobody has ever read. */
  has(partition: number, queue: string, sequence: number): boolean {
    return sequence <= (this.#upTo.get(`${partition}/${queue}`) ?? 0);
  }
}
