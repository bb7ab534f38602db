import { Counter, Gauge, type Registry } from "prom-client";
import type { DeadLetterView } from "../../client/dead-letter-view.ts";
import type { WorkerView } from "../../client/workers.ts";
import type { CaretakerStatus } from "../caretaker.ts";

/** Workers, dead letters, and what the caretaker has found and done. */
export class UpkeepMetrics {
  readonly #workers: Gauge<"status">;
  readonly #letters: Gauge<"kind">;
  readonly #repairs: Counter<"repair">;
  readonly #stalled: Gauge;
  readonly #atWork: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#workers = new Gauge({
      name: "millrace_workers",
      help: "Workers of the last day, by what they told of themselves last",
      labelNames: ["status"],
      registers,
    });
    this.#letters = new Gauge({
      name: "millrace_dead_letters",
      help: "Messages that were set aside and are neither replayed nor dropped (1,000 at most), by kind: in is an input, ingress was published",
      labelNames: ["kind"],
      registers,
    });
    this.#repairs = new Counter({
      name: "millrace_caretaker_repairs_total",
      help: "What this replica's caretaker has repaired",
      labelNames: ["repair"],
      registers,
    });
    this.#stalled = new Gauge({
      name: "millrace_stalled_consumers",
      help: "Consumers of queues that hand out nothing although something waits and workers ask",
      registers,
    });
    this.#atWork = new Gauge({
      name: "millrace_caretaker_at_work",
      help: "1 on the replica whose caretaker works, 0 on the others",
      registers,
    });
  }

  setWorkers(workers: readonly WorkerView[] | undefined): void {
    this.#workers.reset();
    if (workers === undefined) return;
    for (const status of ["serving", "draining", "gone", "stopped"])
      this.#workers.set({ status }, 0);
    for (const { status } of workers) this.#workers.inc({ status });
  }

  setLetters(letters: readonly DeadLetterView[] | undefined): void {
    this.#letters.reset();
    if (letters === undefined) return;
    for (const kind of LETTER_KINDS) this.#letters.set({ kind }, 0);
    for (const { partition, subject } of letters) {
      const kind = partition === undefined ? "ingress" : (subject.split(".")[3] ?? "");
      this.#letters.inc({ kind: LETTER_KINDS.find((known) => known === kind) ?? "other" });
    }
  }

  setCaretaker({ isAtWork, repairs, stalled }: CaretakerStatus): void {
    this.#repairs.reset();
    for (const [repair, count] of Object.entries(repairs)) this.#repairs.inc({ repair }, count);
    this.#stalled.set(stalled.length);
    this.#atWork.set(isAtWork ? 1 : 0);
  }
}

const LETTER_KINDS = ["new", "in", "h", "ingress", "other"] as const;
