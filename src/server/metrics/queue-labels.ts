/**
 * The names of queues as metrics show them: the first so many by their own name, all others as `_other`. Anybody can make a
 * queue, and each value of a label costs whoever stores the metrics. A queue keeps its label as long as the process lives.
 */
export class QueueLabels {
  readonly #max: number;
  readonly #known = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  of(queue: string): string {
    if (this.#known.has(queue)) return queue;
    if (this.#known.size >= this.#max) return OTHER;
    this.#known.add(queue);
    return queue;
  }
}

const OTHER = "_other";
