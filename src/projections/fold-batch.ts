import { foldFact } from "./fold-run.ts";
import type { RunFact } from "./run-fact.ts";
import type { RunRow } from "./run-row.ts";

/** A row before and after a batch of facts. */
export interface RowChange {
  readonly before: RunRow | undefined;
  readonly after: RunRow;
}

/** Folds facts in order onto the rows that were there, and gives each row that has changed, once. */
export function foldBatch(
  rowOf: (id: string) => RunRow | undefined,
  facts: readonly RunFact[],
): readonly RowChange[] {
  const changes = new Map<string, RowChange>();
  for (const fact of facts) {
    const { id } = fact.run;
    const change = changes.get(id);
    const before = change === undefined ? rowOf(id) : change.before;
    const row = change === undefined ? before : change.after;
    const after = foldFact(row, fact);
    if (after !== undefined && after !== row) changes.set(id, { before, after });
  }
  return [...changes.values()];
}
