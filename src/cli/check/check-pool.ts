import type { CheckedRun } from "../../debug/checked-run.ts";
import type { CheckTask } from "./check-messages.ts";
import { CheckThreadHandle, type CheckThreadHandleOptions } from "./check-thread-handle.ts";

/** Threads that replay runs, with a bound on what waits for them. Each loads the flow file by itself; none has a connection. */
export class CheckPool {
  readonly #threads: readonly CheckThreadHandle[];
  readonly #wakes: (() => void)[] = [];

  private constructor(threads: readonly CheckThreadHandle[]) {
    this.#threads = threads;
  }

  /**
   * Starts the threads, and gives the names of the flows and tasks that the file exports.
   * @throws {@link CliError} when the file cannot be loaded.
   */
  static async open(
    threads: number,
    options: CheckThreadHandleOptions,
  ): Promise<{ readonly pool: CheckPool; readonly names: readonly string[] }> {
    const pool = new CheckPool(
      Array.from({ length: threads }, () => new CheckThreadHandle(options)),
    );
    try {
      const [names = []] = await Promise.all(pool.#threads.map((thread) => thread.ready));
      return { pool, names };
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Resolves when a thread has little enough to do to be given one more run. */
  async room(): Promise<void> {
    while (this.#idlest.waiting >= AHEAD) {
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }

  /** What became of a run, in the end. */
  async check(task: CheckTask): Promise<CheckedRun | "needs-blobs"> {
    try {
      return await this.#idlest.check(task);
    } finally {
      this.#wakes.shift()?.();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  get #idlest(): CheckThreadHandle {
    const [first, ...others] = this.#threads;
    if (first === undefined) throw new Error("A check needs a thread.");
    return others.reduce((best, one) => (one.waiting < best.waiting ? one : best), first);
  }
}

/** Runs that wait at a thread: enough that it never waits itself, few enough to be in memory. */
const AHEAD = 32;
