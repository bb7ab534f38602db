import { MillraceError } from "../../../src/engine/millrace-error.ts";
import type { RunRow } from "../../../src/projections/run-row.ts";
import type {
  Checkpoint,
  RowBatch,
  RunSearch,
  RunStore,
  RunView,
} from "../../../src/projections/run-store.ts";

/** A database in memory that several stores may be open at, as those of several processes. */
export class MemoryDatabase {
  live: MemoryView | undefined;
  rebuild: MemoryView | undefined;
  /** Called before each commit: throws, or waits, in its place. */
  beforeCommit: (batch: RowBatch) => Promise<void> | void = () => undefined;
  /** Called when a commit is stored: what it throws comes in place of the answer. */
  afterCommit: (batch: RowBatch) => void = () => undefined;
  /** What opening a view throws, if anything. */
  failure: Error | undefined;
  refusals = 0;
  commits = 0;

  /** Rows of the live view, by id. */
  get rows(): readonly RunRow[] {
    return [...(this.live?.rows.values() ?? [])].toSorted((one, other) =>
      one.id < other.id ? -1 : 1,
    );
  }

  store(): RunStore {
    return {
      view: SEARCH,
      open: async (target, version) => {
        if (this.failure !== undefined) throw this.failure;
        const found = this[target];
        if (found?.version === version) return this.#opened(found);
        if (found !== undefined && target === "live") throw new Outdated(found.version);
        const view = { version, rows: new Map(), checkpoints: new Map() };
        this[target] = view;
        return this.#opened(view);
      },
      switchOver: async () => {
        if (this.rebuild === undefined) return;
        this.live = this.rebuild;
        this.rebuild = undefined;
      },
      close: async () => undefined,
    };
  }

  #opened(view: MemoryView): RunView {
    const check = async (): Promise<void> => {
      await Promise.resolve();
      if (this.failure !== undefined) throw this.failure;
      if (view !== this.live && view !== this.rebuild) throw new Gone();
    };
    return {
      checkpoints: async () => {
        await check();
        return [...view.checkpoints.values()];
      },
      rows: async (ids) => {
        await check();
        return new Map(
          ids.flatMap((id) => {
            const row = view.rows.get(id);
            return row === undefined ? [] : [[id, row] as const];
          }),
        );
      },
      commit: async (batch) => {
        await check();
        await this.beforeCommit(batch);
        await check();
        const { partition, expected, checkpoint } = batch;
        if ((view.checkpoints.get(partition)?.sequence ?? 0) !== expected) {
          this.refusals++;
          return false;
        }
        for (const { before, after } of batch.rows) {
          if (view.rows.get(after.id) !== before) throw new Error(`${after.id} is not as it was`);
          view.rows.set(after.id, after);
        }
        view.checkpoints.set(partition, checkpoint);
        this.commits++;
        this.afterCommit(batch);
        return true;
      },
    };
  }
}

interface MemoryView {
  readonly version: string;
  readonly rows: Map<string, RunRow>;
  readonly checkpoints: Map<number, Checkpoint>;
}

class Gone extends MillraceError {
  readonly code = "VIEW_GONE";
}

class Outdated extends MillraceError {
  readonly code = "VIEW_OUTDATED";
  readonly found: string;

  constructor(found: string) {
    super(`of version ${found}`);
    this.found = found;
  }
}

const unused = (): never => {
  throw new Error("Nothing is searched here");
};
const SEARCH: RunSearch = {
  row: unused,
  list: unused,
  count: unused,
  stats: unused,
  candidates: unused,
};
