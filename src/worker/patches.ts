import type { RunEvent } from "../engine/run-event.ts";

/** What one run is told of the places where its flow was changed: the same each time it is replayed. */
export class Patches {
  readonly #recorded: ReadonlySet<string>;
  readonly #told = new Map<string, boolean>();

  constructor(history: readonly RunEvent[]) {
    this.#recorded = new Set(
      history.flatMap((event) => (event.type === "Patched" ? [event.patch] : [])),
    );
  }

  /**
   * True for a run that comes by here for the first time with this code. `isPast`: it came by here before, with whatever code
   * there was then. `record` notes that it took the new way.
   */
  take(id: string, isPast: boolean, record: () => void): boolean {
    const told = this.#told.get(id);
    if (told !== undefined) return told;
    const isRecorded = this.#recorded.has(id);
    const isNew = isRecorded || !isPast;
    this.#told.set(id, isNew);
    if (isNew && !isRecorded) record();
    return isNew;
  }
}
