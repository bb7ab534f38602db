import type { RunId } from "../../engine/run-id.ts";
import { type RunFacts, sizeOf } from "./run-facts.ts";

/** The facts of the runs that were seen last, in bounded memory: the others are read from the log again. */
export class RunFactCache {
  readonly #limitBytes: number;
  /** The least recently used one first. */
  readonly #facts = new Map<RunId, { readonly facts: RunFacts; readonly bytes: number }>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(id: RunId): RunFacts | undefined {
    return this.#facts.get(id)?.facts;
  }

  set(facts: RunFacts): void {
    const { id } = facts.run;
    this.forget(id);
    const bytes = sizeOf(facts);
    this.#facts.set(id, { facts, bytes });
    this.#bytes += bytes;
  }

  forget(id: RunId): void {
    const known = this.#facts.get(id);
    if (known === undefined) return;
    this.#facts.delete(id);
    this.#bytes -= known.bytes;
  }

  /** Forgets what is too much. Not while a batch is folded: its runs are needed. */
  trim(): void {
    for (const id of this.#facts.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.forget(id);
    }
  }
}
