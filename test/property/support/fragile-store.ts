import type { RunStore, RunView } from "../../../src/projections/run-store.ts";

/** What becomes of a commit: as at a crash, nobody hears of it again. */
export type CommitFate = "stored" | "answer lost" | "not stored" | "killed before" | "killed after";

/** A store as a process has it that can be killed: from then on nothing answers. */
export class FragileStore implements RunStore {
  readonly view: RunStore["view"];
  readonly #store: RunStore;
  readonly #fate: () => CommitFate;
  readonly #onKilled: () => void;
  #isKilled = false;

  constructor(store: RunStore, fate: () => CommitFate, onKilled: () => void) {
    this.view = store.view;
    this.#store = store;
    this.#fate = fate;
    this.#onKilled = onKilled;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  kill(): void {
    if (this.#isKilled) return;
    this.#isKilled = true;
    this.#onKilled();
  }

  async open(target: "live" | "rebuild", version: string): Promise<RunView> {
    const view = await this.#alive(() => this.#store.open(target, version));
    return {
      checkpoints: () => this.#alive(() => view.checkpoints()),
      rows: (ids) => this.#alive(() => view.rows(ids)),
      commit: (batch) => this.#alive(() => this.#commit(view, batch)),
    };
  }

  async switchOver(): Promise<void> {
    await this.#alive(() => this.#store.switchOver());
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #commit(view: RunView, batch: Parameters<RunView["commit"]>[0]): Promise<boolean> {
    const fate = this.#fate();
    if (fate === "killed before") this.kill();
    if (fate === "not stored") throw new Error("The database was not reached");
    if (this.#isKilled) return nothing();
    const stored = await view.commit(batch);
    if (fate === "killed after") this.kill();
    if (fate === "answer lost") throw new Error("The connection broke");
    return stored;
  }

  async #alive<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isKilled) return nothing();
    const answer = await call();
    return this.#isKilled ? nothing() : answer;
  }
}

function nothing(): Promise<never> {
  return new Promise(() => undefined);
}
