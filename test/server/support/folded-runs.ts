import type { Layers } from "../../../src/engine/partition.ts";
import type { EventFeed, FedKind, FedMessage } from "../../../src/ports/event-feed.ts";
import { foldMessage } from "../../../src/projections/fold-run.ts";
import type { RunRow } from "../../../src/projections/run-row.ts";
import type { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import { ListedRuns } from "./listed-runs.ts";

/** The projection of a broker in memory as it is right now: never behind. */
export class FoldedRuns extends ListedRuns {
  readonly #broker: MemoryBroker;
  readonly #rows = new Map<string, RunRow>();
  #upTo = 0;

  constructor(broker: MemoryBroker) {
    super();
    this.#broker = broker;
    Object.defineProperty(this, "rows", { get: () => this.#fold() });
  }

  #fold(): readonly RunRow[] {
    const stored = this.#broker.messages();
    // Some may have been removed since.
    for (const message of stored.filter(({ sequence }) => sequence > this.#upTo)) {
      const kind = message.subject.split(".")[3] as FedKind;
      fold(this.#rows, { ...message, kind, storedAt: this.#broker.clock.now() }, [1]);
    }
    this.#upTo = stored.at(-1)?.sequence ?? 0;
    return sorted(this.#rows);
  }
}

/** Keeps a projection of a namespace up to date until the signal aborts. */
export async function followFeed(
  runs: ListedRuns,
  feed: EventFeed,
  signal: AbortSignal,
): Promise<void> {
  const rows = new Map<string, RunRow>();
  for await (const batch of feed.read(0, 0, { signal })) {
    for (const message of batch) fold(rows, message, feed.layers);
    runs.rows = [...sorted(rows)];
  }
}

function fold(rows: Map<string, RunRow>, message: FedMessage, layers: Layers): void {
  const [, , , kind, ...rest] = message.subject.split(".");
  const id = rest.slice(kind === "h" ? 0 : 1).join(":");
  const row = foldMessage(rows.get(id), message, layers);
  if (row !== undefined) rows.set(id, row);
}

function sorted(rows: ReadonlyMap<string, RunRow>): readonly RunRow[] {
  return [...rows.values()].toSorted((one, other) => one.submittedAt - other.submittedAt);
}
