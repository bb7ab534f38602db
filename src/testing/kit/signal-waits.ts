/** Which signals the flows of a test wait for now. */
export class SignalWaits {
  readonly #open = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  /** The run's flow waits for the signal, until the function that this gives is called. */
  begin(run: string, signal: string): () => void {
    const place = `${run} ${signal}`;
    this.#open.set(place, (this.#open.get(place) ?? 0) + 1);
    for (const tell of this.#listeners) tell();
    return () => {
      this.#open.set(place, (this.#open.get(place) ?? 1) - 1);
    };
  }

  /** Resolves when the run's flow waits for the signal. */
  async until(run: string, signal: string): Promise<void> {
    const place = `${run} ${signal}`;
    let listener: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => {
      listener = () => {
        if ((this.#open.get(place) ?? 0) > 0) resolve();
      };
      listener();
      this.#listeners.add(listener);
    });
    await begun;
    if (listener !== undefined) this.#listeners.delete(listener);
  }

  /** Nobody waits any more: the worker is dead. */
  clear(): void {
    this.#open.clear();
  }
}
