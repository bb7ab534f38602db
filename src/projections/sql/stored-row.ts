import type { Attributes, AttributeValue } from "../../engine/attributes.ts";
import type { RunStatus } from "../../engine/run-status.ts";
import type { RunRow } from "../run-row.ts";
import { errorWordsOf } from "./search-terms.ts";

/** A run as its table has it, but for `run`, the number that the table knows it by. */
export type StoredRow = {
  readonly id: string;
  readonly flow: string;
  readonly run_key: string;
  readonly queue: string;
  readonly status: string;
  readonly parent: string;
  readonly root: string;
  readonly worker: string;
  readonly fingerprint: string;
  readonly submitted_at: number;
  readonly started_at: number;
  readonly closed_at: number;
  readonly updated_at: number;
  readonly archived: number;
  /** When the broker wakes it, if it is given up until then; else 0. */
  readonly wake_at: number;
  /** 1 when it is given up although the last message of its inbox is not folded. */
  readonly unfolded: number;
  /** Of its error, each between two blanks. */
  readonly words: string;
  /** JSON of what is not searched, but for what is empty. */
  readonly body: string;
};

export function storeRow(row: RunRow): StoredRow {
  const words = errorWordsOf(row);
  return {
    id: row.id,
    flow: row.flow,
    run_key: row.key,
    queue: row.queue,
    status: row.status,
    parent: row.parent,
    root: row.root,
    worker: row.worker,
    fingerprint: row.errorFingerprint,
    submitted_at: row.submittedAt,
    started_at: row.startedAt,
    closed_at: row.closedAt,
    updated_at: row.updatedAt,
    archived: row.archived === "" ? 0 : 1,
    wake_at: row.status === "suspended" || row.status === "scheduled" ? row.wakeAt : 0,
    unfolded: isGivenUp(row) && row.lastInput > row.inboxFolded ? 1 : 0,
    words: words.length === 0 ? "" : ` ${words.join(" ")} `,
    body: JSON.stringify(bodyOf(row)),
  };
}

function isGivenUp({ status, headSequence }: RunRow): boolean {
  return (
    headSequence > 0 && (status === "suspended" || status === "scheduled" || status === "pending")
  );
}

export function loadRow(stored: StoredRow): RunRow {
  // SAFETY: storeRow wrote it, and a view is only read by the version that made it.
  const { attributes, ...rest } = JSON.parse(stored.body) as Body;
  return {
    ...EMPTY_REST,
    ...rest,
    attributes: attributes === undefined ? {} : loadAttributes(attributes),
    id: stored.id,
    flow: stored.flow,
    key: stored.run_key,
    queue: stored.queue,
    // SAFETY: as above.
    status: stored.status as RunStatus,
    parent: stored.parent,
    root: stored.root,
    worker: stored.worker,
    errorFingerprint: stored.fingerprint,
    submittedAt: stored.submitted_at,
    startedAt: stored.started_at,
    closedAt: stored.closed_at,
    updatedAt: stored.updated_at,
  };
}

type Rest = Omit<
  RunRow,
  | "id"
  | "flow"
  | "key"
  | "queue"
  | "status"
  | "parent"
  | "root"
  | "worker"
  | "errorFingerprint"
  | "submittedAt"
  | "startedAt"
  | "closedAt"
  | "updatedAt"
  | "attributes"
>;

type Body = Partial<Rest> & { readonly attributes?: Readonly<Record<string, StoredAttribute>> };

/** A time as an object: JSON has none. */
type StoredAttribute = string | number | boolean | { readonly time: number };

const EMPTY_REST: Rest = {
  partition: 0,
  depth: 0,
  startAt: 0,
  deadlineAt: 0,
  epoch: 0,
  takeOvers: 0,
  crashes: 0,
  version: "",
  wakeAt: 0,
  waits: [],
  tags: [],
  addedTags: [],
  progress: undefined,
  parked: "",
  cancelReason: "",
  errorName: "",
  errorMessage: "",
  submissionSequence: 0,
  headSequence: 0,
  inboxFolded: 0,
  lastInput: 0,
  archived: "",
};

// SAFETY: they are written out above.
const REST = Object.keys(EMPTY_REST) as readonly (keyof Rest)[];

function bodyOf(row: RunRow): object {
  const body: Record<string, unknown> = {};
  for (const field of REST) {
    const value = row[field];
    if (!isEmpty(value)) body[field] = value;
  }
  const attributes = Object.entries(row.attributes);
  if (attributes.length > 0) {
    body["attributes"] = Object.fromEntries(
      attributes.map(([name, value]) => [name, storeAttribute(value)]),
    );
  }
  return body;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === 0 ||
    value === "" ||
    (Array.isArray(value) && value.length === 0)
  );
}

function storeAttribute(value: AttributeValue): StoredAttribute {
  return value instanceof Date ? { time: value.getTime() } : value;
}

function loadAttributes(stored: Readonly<Record<string, StoredAttribute>>): Attributes {
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => [
      name,
      typeof value === "object" ? new Date(value.time) : value,
    ]),
  );
}
