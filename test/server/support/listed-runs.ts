import type { RunQuery, TimeWindow } from "../../../src/engine/run-query.ts";
import type { RunRow } from "../../../src/projections/run-row.ts";
import type {
  CandidatePage,
  PageRequest,
  RunCandidates,
  RunCount,
  RunPage,
  RunSearch,
  RunStats,
  RunStore,
} from "../../../src/projections/run-store.ts";
import { runRow } from "../../projections/support/run-rows.ts";

/** A projection whose rows a test sets by hand, in the order of their submission. It can look for flows, statuses, queues and keys. */
export class ListedRuns implements RunStore, RunSearch {
  readonly view = this;
  rows: RunRow[] = [];

  add(...rows: readonly RunRow[]): void {
    const ids = new Set(rows.map(({ id }) => id));
    this.rows = [...this.rows.filter(({ id }) => !ids.has(id)), ...rows].toSorted(
      (one, other) => one.submittedAt - other.submittedAt || (one.id < other.id ? -1 : 1),
    );
  }

  async row(id: string): Promise<RunRow | undefined> {
    return this.rows.find((row) => row.id === id);
  }

  async list(query: RunQuery, { limit, after }: PageRequest): Promise<RunPage> {
    const found = this.#found(query);
    const rest = after === undefined ? found : found.filter((row) => place(row) > after);
    const rows = rest.slice(0, limit);
    const last = rows.at(-1);
    return { rows, next: rest.length > limit && last !== undefined ? place(last) : undefined };
  }

  async count(query: RunQuery): Promise<RunCount> {
    return { count: this.#found(query).length, exact: true };
  }

  async stats(): Promise<readonly RunStats[]> {
    const stats = new Map<string, RunStats>();
    for (const { flow, queue, status } of this.rows) {
      const name = `${flow} ${queue} ${status}`;
      const count = (stats.get(name)?.count ?? 0) + 1;
      stats.set(name, { flow, queue, status, count });
    }
    return [...stats.values()];
  }

  async candidates(which: RunCandidates, { limit, after = "" }: CandidatePage): Promise<RunRow[]> {
    return this.rows
      .filter((row) => isCandidate(which, row) && row.id > after)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .slice(0, limit);
  }

  open(): Promise<never> {
    throw new Error("Nobody projects here");
  }

  switchOver(): Promise<never> {
    throw new Error("Nobody projects here");
  }

  async close(): Promise<void> {}

  #found({ flow, status, queue, key, submitted, closed, archived }: RunQuery): readonly RunRow[] {
    return this.rows.filter(
      (row) =>
        has(flow, row.flow) &&
        has(status, row.status) &&
        has(queue, row.queue) &&
        (typeof key !== "string" || key === row.key) &&
        (archived === undefined || archived === (row.archived !== "")) &&
        isWithin(submitted, row.submittedAt) &&
        (closed === undefined || (row.closedAt > 0 && isWithin(closed, row.closedAt))),
    );
  }
}

function isWithin({ from, to }: TimeWindow = {}, at: number): boolean {
  return (from === undefined || at >= from.getTime()) && (to === undefined || at < to.getTime());
}

/** Where a row stands in the order of submission. */
function place({ submittedAt, id }: RunRow): string {
  return `${submittedAt} ${id}`;
}

function has<T>(wanted: T | readonly T[] | undefined, value: T): boolean {
  return wanted === undefined || [wanted].flat().includes(value);
}

function isCandidate(which: RunCandidates, row: RunRow): boolean {
  const { status, lastInput, inboxFolded, headSequence, wakeAt, updatedAt } = row;
  const isIdle = status === "suspended" || status === "scheduled";
  switch (which.kind) {
    case "unfolded":
      return (isIdle || (status === "pending" && headSequence > 0)) && lastInput > inboxFolded;
    case "overdue":
      return isIdle && wakeAt > 0 && wakeAt < which.wakeBefore;
    case "active":
      return (
        ["running", "awaiting-retry", "cancelling"].includes(status) &&
        updatedAt < which.updatedBefore
      );
  }
}

/** The row of a run that was submitted, and of which nothing more is known. */
export function rowOf(id: string, given: Partial<RunRow> = {}): RunRow {
  const [flow = "", key = ""] = id.split(":");
  return runRow({ id, flow, key, queue: flow, root: id, submittedAt: 0, updatedAt: 0, ...given });
}
