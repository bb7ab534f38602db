import type { BulkAction, BulkJob, BulkJobRecord } from "../engine/bulk-job.ts";
import { parseEventAddress } from "../engine/event-address.ts";
import { formatRunQuery } from "../engine/format-run-query.ts";
import { shortReason } from "../engine/input.ts";
import { checkStepName } from "../engine/names.ts";
import { parseRunQuery } from "../engine/parse-run-query.ts";
import type { RunQuery } from "../engine/run-query.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import type { RunSearch } from "../projections/run-store.ts";
import { BULK_JOBS, bulkJobKey, decodeBulkJob, encodeBulkJob } from "../wire/bulk-job-codec.ts";
import { encodeValue } from "../wire/value-codec.ts";
import { BulkJobNotFoundError, TooManyBulkJobsError } from "./bulk-job-errors.ts";
import type { ServerHost } from "./server-host.ts";

/** What to do with the runs that a query finds. */
export interface BulkRequest {
  /** In the query language, or taken apart. Its order does not matter. */
  readonly query: RunQuery | string;
  readonly action: BulkRequestAction;
}

/** A {@link BulkAction} whose signal still has its value: anything that a payload can hold. */
export type BulkRequestAction =
  | { readonly type: "cancel" | "terminate"; readonly reason?: string }
  | { readonly type: "resume" | "rerun" }
  | { readonly type: "fork"; readonly from: string }
  | { readonly type: "signal"; readonly name: string; readonly value?: unknown };

/**
 * How many runs a job would come to if it were made now: exact, whatever their number.
 * @throws {@link QueryError} when the query cannot be understood.
 */
export async function countBulk(
  host: Pick<ServerHost, "store" | "clock">,
  query: RunQuery | string,
  signal?: AbortSignal,
): Promise<number> {
  const { clock, store } = host;
  return countUpTo(store.view, bulkQuery(query, clock.now()), signal);
}

/**
 * Makes a job. Its servers begin with it within seconds; {@link readBulkJob} tells how far they are.
 * @throws {@link QueryError}, {@link TooManyBulkJobsError}, {@link NotSerializableError}, {@link BrokerError}
 */
export async function createBulkJob(host: ServerHost, request: BulkRequest): Promise<BulkJob> {
  const { broker } = host.millrace;
  const createdAt = host.clock.now();
  const query = bulkQuery(request.query, createdAt);
  const text = formatRunQuery(query);
  // In full it may be too long to be read: refused here, rather than in every round.
  parseRunQuery(text, createdAt);
  if ((await listBulkJobs(host)).length >= MAX_JOBS) throw new TooManyBulkJobsError(MAX_JOBS);
  const job: BulkJobRecord = {
    id: sortableId(createdAt, Math.random),
    query: text,
    action: await actionOf(host, request.action),
    state: "running",
    createdAt,
    finishedAt: 0,
    expected: await countUpTo(host.store.view, query),
    matched: 0,
    done: 0,
    skipped: 0,
    failed: 0,
    errors: [],
    step: 0,
    by: "",
    page: [],
    cursor: "",
  };
  const outcome = await broker.control.write(bulkJobKey(job.id), encodeBulkJob(job), 0, KEPT);
  if (outcome.status === "written") return shown(job);
  throw new BrokerError(
    `It is not known whether bulk job ${job.id} was made. Look at it, and make another if it is not there.`,
    { cause: outcome.status === "unknown" ? outcome.cause : undefined },
  );
}

/** The jobs that are known, the newest first. */
export async function listBulkJobs(host: Pick<ServerHost, "millrace">): Promise<BulkJob[]> {
  return (await bulkJobRecords(host))
    .map(shown)
    .toSorted((one, other) => (one.id < other.id ? 1 : -1));
}

/** How far a job is. @throws {@link BulkJobNotFoundError} when there is none, or none any more. */
export async function readBulkJob(
  host: Pick<ServerHost, "millrace">,
  id: string,
): Promise<BulkJob> {
  return shown((await recordOf(host, id)).job);
}

/**
 * Stops a job: what it has asked for stays asked for, the rest is left alone. Gives it as it is then; one that has finished
 * stays as it is. @throws {@link BulkJobNotFoundError}, {@link BrokerError}
 */
export async function cancelBulkJob(
  host: Pick<ServerHost, "millrace" | "clock">,
  id: string,
): Promise<BulkJob> {
  const job = await changeBulkJob(host, id, (before) =>
    before.state === "running"
      ? { ...before, state: "cancelled", finishedAt: host.clock.now() }
      : undefined,
  );
  return shown(job);
}

/** All jobs with what goes on with them. Those that cannot be read are passed over. */
export async function bulkJobRecords(
  host: Pick<ServerHost, "millrace">,
): Promise<readonly BulkJobRecord[]> {
  const records = await host.millrace.broker.control.list(BULK_JOBS);
  return records.flatMap((record) => jobIn(record) ?? []);
}

/**
 * Changes a job as it is now, until nobody comes in between. `change` gives nothing to leave it. Gives the job as it stands
 * afterwards. @throws {@link BulkJobNotFoundError}, {@link BrokerError}
 */
export async function changeBulkJob(
  host: Pick<ServerHost, "millrace">,
  id: string,
  change: (job: BulkJobRecord) => BulkJobRecord | undefined,
): Promise<BulkJobRecord> {
  const { control } = host.millrace.broker;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { job, revision } = await recordOf(host, id);
    const after = change(job);
    if (after === undefined) return job;
    const { status } = await control.write(bulkJobKey(id), encodeBulkJob(after), revision, KEPT);
    if (status === "written") return after;
  }
  throw new BrokerError(`Bulk job ${id} could not be changed. Look at it, and try again.`);
}

/** The runs that a job comes to, in the order in which it does: those submitted before it was made. */
export function bulkQuery(query: RunQuery | string, before: number): RunQuery {
  const asked = typeof query === "string" ? parseRunQuery(query, before) : query;
  const to = Math.min(asked.submitted?.to?.getTime() ?? before, before);
  return {
    ...asked,
    submitted: { ...asked.submitted, to: new Date(to) },
    // What is done to the runs does not move any of them to another place.
    order: { by: "submitted", direction: "ascending" },
  };
}

async function countUpTo(view: RunSearch, query: RunQuery, signal?: AbortSignal): Promise<number> {
  const quick = await view.count(query);
  if (quick.exact) return quick.count;
  let count = 0;
  for (let after: string | undefined = ""; after !== undefined; ) {
    signal?.throwIfAborted();
    const page = await view.list(query, { limit: COUNT_PAGE, ...(after === "" ? {} : { after }) });
    count += page.rows.length;
    after = page.next;
  }
  return count;
}

async function actionOf(host: ServerHost, action: BulkRequestAction): Promise<BulkAction> {
  const { payloads } = host.millrace;
  switch (action.type) {
    case "cancel":
    case "terminate":
      return { type: action.type, reason: shortReason(action.reason ?? "") };
    case "resume":
    case "rerun":
      return { type: action.type };
    case "fork": {
      const { from } = action;
      parseEventAddress(from);
      return { type: "fork", from };
    }
    case "signal": {
      const name = checkStepName(action.name);
      const what = `The value of signal ${name}`;
      return {
        type: "signal",
        name,
        payload: await payloads.seal(encodeValue(action.value, what), what),
      };
    }
  }
}

async function recordOf(
  host: Pick<ServerHost, "millrace">,
  id: string,
): Promise<{ readonly job: BulkJobRecord; readonly revision: number }> {
  // What cannot be an id is not asked for: it would stand in a subject.
  const isId = /^[0-9a-z]{26}$/.test(id);
  const record = isId ? await host.millrace.broker.control.read(bulkJobKey(id)) : undefined;
  const job = record === undefined ? undefined : jobIn(record);
  if (record === undefined || job === undefined) throw new BulkJobNotFoundError(id);
  return { job, revision: record.revision };
}

function jobIn({ data }: ControlRecord): BulkJobRecord | undefined {
  const decoded = decodeBulkJob(data);
  return decoded.kind === "ok" ? decoded.value : undefined;
}

function shown({ step: _s, by: _b, page: _p, cursor: _c, ...job }: BulkJobRecord): BulkJob {
  return job;
}

const KEPT = { ttlMs: 7 * 86_400_000 };
/** The broker lists no more than 1,024 records at once. */
const MAX_JOBS = 500;
const MAX_TRIES = 20;
const COUNT_PAGE = 1_000;
