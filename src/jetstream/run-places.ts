import type { RunRef } from "../engine/run-id.ts";
import type { Subjects } from "../wire/subjects.ts";
import type { StreamReader } from "./stream-reader.ts";

/**
 * In which partition each run is. In a namespace with one layer its id says so. Otherwise older layers are looked at first:
 * they take no new runs, so what is found there, and what is not, stays so, and is remembered.
 */
export class RunPlaces {
  readonly #subjects: Subjects;
  readonly #reader: StreamReader;
  readonly #known = new Map<string, number>();

  constructor(subjects: Subjects, reader: StreamReader) {
    this.#subjects = subjects;
    this.#reader = reader;
  }

  /** A number when nothing has to be asked. @throws {@link BrokerError} when the broker does not answer. */
  of(run: RunRef): number | Promise<number> {
    const [newest = 0, ...older] = this.#subjects.places(run);
    if (older.length === 0) return newest;
    return this.#known.get(run.id) ?? this.#find(run, newest, older);
  }

  /** The run is there: nobody has to look. */
  learn(run: RunRef, partition: number): void {
    if (this.#subjects.layers.length === 1) return;
    if (this.#known.size >= MAX_KNOWN) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(run.id, partition);
  }

  async #find(run: RunRef, newest: number, older: readonly number[]): Promise<number> {
    const found = await Promise.all(older.map((partition) => this.#isIn(run, partition)));
    const partition = older.find((_, at) => found[at]) ?? newest;
    this.learn(run, partition);
    return partition;
  }

  async #isIn(run: RunRef, partition: number): Promise<boolean> {
    const stream = this.#subjects.stream(partition);
    const signs = [
      this.#subjects.history(run, partition),
      this.#subjects.submission(run, run.flow, partition),
      this.#subjects.pointer(run, partition),
    ];
    const found = await Promise.all(
      signs.map((subject) => this.#reader.last(stream, partition, subject)),
    );
    return found.some((message) => message !== undefined);
  }
}

/** Runs that are remembered; who comes again after it was forgotten is looked for again. */
const MAX_KNOWN = 100_000;
