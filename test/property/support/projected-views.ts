import type { RunRow } from "../../../src/projections/run-row.ts";
import type { RunSearch } from "../../../src/projections/run-store.ts";

/** All that a view shows: every row, and what each search finds, by the ids of the runs. */
export interface Shown {
  readonly rows: readonly RunRow[];
  readonly found: Readonly<Record<string, readonly string[]>>;
  readonly stats: readonly string[];
}

export async function shownBy(view: RunSearch): Promise<Shown> {
  const rows = await listed(view, {});
  const found: Record<string, readonly string[]> = {};
  for (const query of queriesFor(rows)) {
    const ids = (await listed(view, query)).map(({ id }) => id);
    const { count } = await view.count(query);
    found[JSON.stringify(query)] = [`${count}`, ...ids];
  }
  const stats = (await view.stats()).map((one) => JSON.stringify(one));
  return { rows, found, stats: stats.toSorted(inOrder) };
}

type Query = Parameters<RunSearch["list"]>[0];

/** In pages that do not fit the number of runs, sorted by id. */
async function listed(view: RunSearch, query: Query): Promise<readonly RunRow[]> {
  const rows: RunRow[] = [];
  for (let after: string | undefined; ; ) {
    const page = await view.list(query, { limit: 7, ...(after === undefined ? {} : { after }) });
    rows.push(...page.rows);
    after = page.next;
    if (after === undefined) return rows.toSorted((one, other) => inOrder(one.id, other.id));
  }
}

/** A search for each value that some run has. */
function queriesFor(rows: readonly RunRow[]): readonly Query[] {
  const queries = rows.flatMap((row): readonly Query[] => [
    { flow: row.flow, status: row.status },
    { queue: row.queue },
    { key: row.key },
    { root: row.root },
    ...(row.parent === "" ? [] : [{ parent: row.parent }]),
    ...(row.worker === "" ? [] : [{ worker: row.worker }]),
    ...(row.errorFingerprint === "" ? [] : [{ fingerprint: row.errorFingerprint }]),
    ...(row.errorName === "" ? [] : [{ text: row.errorName }]),
    ...[...row.tags, ...row.addedTags].map((tag) => ({ tags: [tag] })),
    ...Object.entries(row.attributes).map(([name, value]) => ({
      attributes: [{ name, is: "=" as const, value }],
    })),
    { archived: row.archived !== "" },
  ]);
  return [...new Map(queries.map((query) => [JSON.stringify(query), query])).values()];
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : 1;
}
