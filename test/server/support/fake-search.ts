import type { RunQuery } from "../../../src/engine/run-query.ts";
import type { RunRow } from "../../../src/projections/run-row.ts";
import type { PageRequest, RunPage, RunSearch } from "../../../src/projections/run-store.ts";

/** Rows in memory, found by status and flow, in the order in which they are given. */
export class FakeSearch implements Pick<RunSearch, "row" | "list" | "count" | "stats"> {
  rows: RunRow[];
  /** What it was asked for, as it was understood. */
  readonly queries: RunQuery[] = [];

  constructor(rows: RunRow[] = []) {
    this.rows = rows;
  }

  async row(id: string): Promise<RunRow | undefined> {
    return this.rows.find((row) => row.id === id);
  }

  async list(query: RunQuery, { limit, after = "0" }: PageRequest): Promise<RunPage> {
    this.queries.push(query);
    const found = this.rows.filter((row) => isFound(row, query));
    const from = Number(after);
    const rows = found.slice(from, from + limit);
    const next = from + limit < found.length ? String(from + limit) : undefined;
    return { rows, next };
  }

  async count(query: RunQuery, atMost = Number.POSITIVE_INFINITY) {
    const count = this.rows.filter((row) => isFound(row, query)).length;
    return { count: Math.min(count, atMost), exact: count <= atMost };
  }

  async stats() {
    return [{ flow: "f", queue: "f", status: "failed" as const, count: this.rows.length }];
  }
}

export function rowOf(key: string, changes: Partial<RunRow> = {}): RunRow {
  return { ...PLAIN, id: `f:${key}`, key, root: `f:${key}`, ...changes };
}

function isFound(row: RunRow, { status, flow }: RunQuery): boolean {
  const statuses = [status ?? []].flat();
  const flows = [flow ?? []].flat();
  if (statuses.length > 0 && !statuses.includes(row.status)) return false;
  return flows.length === 0 || flows.includes(row.flow);
}

const PLAIN: RunRow = {
  id: "f:k",
  flow: "f",
  key: "k",
  queue: "f",
  partition: 0,
  status: "pending",
  parent: "",
  root: "f:k",
  depth: 0,
  submittedAt: 1_000,
  startAt: 0,
  deadlineAt: 0,
  startedAt: 0,
  updatedAt: 1_000,
  closedAt: 0,
  epoch: 0,
  takeOvers: 0,
  crashes: 0,
  worker: "",
  version: "",
  wakeAt: 0,
  waits: [],
  tags: [],
  addedTags: [],
  attributes: {},
  progress: undefined,
  parked: "",
  cancelReason: "",
  errorName: "",
  errorMessage: "",
  errorFingerprint: "",
  submissionSequence: 1,
  headSequence: 0,
  inboxFolded: 0,
  lastInput: 0,
  archived: "",
};
