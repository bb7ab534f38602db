import { ChildEndedError } from "./child-process.ts";
import type { WorkerProcess } from "./test-bed.ts";

/** Keeps so many workers running as a supervisor would: one that dies is followed by another. */
export function keepWorkers(count: number, start: () => Promise<WorkerProcess>): KeptWorkers {
  const kept = new KeptWorkers(start);
  for (let at = 0; at < count; at++) kept.keepOne();
  return kept;
}

export class KeptWorkers {
  /** How many died before `stop`. */
  crashes = 0;
  readonly #start: () => Promise<WorkerProcess>;
  readonly #keeping: Promise<void>[] = [];
  readonly #running = new Set<WorkerProcess>();
  #stopped = false;

  constructor(start: () => Promise<WorkerProcess>) {
    this.#start = start;
  }

  keepOne(): void {
    this.#keeping.push(this.#keep());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running].map((worker) => worker.kill()));
    await Promise.all(this.#keeping);
  }

  async #keep(): Promise<void> {
    while (!this.#stopped) {
      await this.#runOne();
      if (!this.#stopped) this.crashes++;
    }
  }

  /** Resolves when the worker has ended, which may be before it could say that it serves. */
  async #runOne(): Promise<void> {
    try {
      const worker = await this.#start();
      this.#running.add(worker);
      if (this.#stopped) await worker.kill();
      await worker.exited;
      this.#running.delete(worker);
    } catch (error) {
      if (!(error instanceof ChildEndedError)) throw error;
    }
  }
}
