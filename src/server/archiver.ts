/**
 * Moves closed runs to the archive when their flow's policy says so. The projection says which runs that may be, and the log
 * whether they are: two archivers, or one that is behind, harm nobody.
 */
import { type ArchivedOne, LEAST_AGE_MS } from "../client/archive.ts";
import { ControlLease } from "../client/control-lease.ts";
import { workOnEach } from "../client/outcomes.ts";
import { Rounds } from "../client/rounds.ts";
import type { RunQuery } from "../engine/run-query.ts";
import type { RunRow } from "../projections/run-row.ts";
import type { ServerHost, ServerPart } from "./server-host.ts";

/** Archives what is due, flow by flow. Of several replicas one does so at a time. */
export function startArchiver(host: ServerHost, options: Partial<ArchiverOptions> = {}): Archiver {
  const settings = { ...ARCHIVER_DEFAULTS, ...options };
  const counts = { archived: 0, skipped: 0, failed: 0 };
  const { control } = host.millrace.broker;
  const { clock, replica: holder } = host;
  const lease = new ControlLease({
    control,
    clock,
    what: "archiver",
    holder,
    ttlMs: settings.leaseMs,
  });
  let looked: Looked = { since: clock.now(), upTo: new Map() };
  let isAtWork = false;
  let stopped = false;
  const mayGoOn = async (): Promise<boolean> => !stopped && (isAtWork = await lease.hold());
  const rounds = new Rounds(host, "the archiver", settings.everyMs, async () => {
    if (!(await mayGoOn())) return;
    const now = clock.now();
    if (now - looked.since >= settings.lookAgainMs) looked = { since: now, upTo: new Map() };
    for (const [flow, afterMs] of await dueFlows(host)) {
      await archiveFlow(host, settings, { flow, afterMs }, { counts, mayGoOn, looked });
      if (stopped) return;
    }
  });
  return {
    get status() {
      return { isAtWork, ...counts };
    },
    stop: async () => {
      stopped = true;
      await rounds.stop();
      await lease.release().catch(() => undefined); // It runs out by itself.
    },
  };
}

export interface Archiver extends ServerPart {
  readonly status: ArchiverStatus;
}

/** What this replica has done since it started. */
export interface ArchiverStatus {
  /** False: another replica does it, or none was asked for yet. */
  readonly isAtWork: boolean;
  readonly archived: number;
  /** Of the projection's candidates: the log says that it is not their time. */
  readonly skipped: number;
  readonly failed: number;
}

/** Times in milliseconds. */
export interface ArchiverOptions {
  readonly everyMs: number;
  /** When it looks again at what it has left where it was. */
  readonly lookAgainMs: number;
  /** Runs that are moved together. */
  readonly concurrency: number;
  /** At most so many in a second, so that runs that execute do not wait for it. */
  readonly perSecond: number;
  /** After so long another replica takes the place of one that died. */
  readonly leaseMs: number;
}

const ARCHIVER_DEFAULTS: ArchiverOptions = Object.freeze({
  everyMs: 60_000,
  lookAgainMs: 3_600_000,
  concurrency: 8,
  perSecond: 100,
  leaseMs: 60_000,
});

/**
 * By flow, up to which time of their end all runs were looked at. In the projection's order those in the archive come first,
 * and are ever more: each round looks only at those that came since.
 */
interface Looked {
  readonly since: number;
  readonly upTo: Map<string, Date>;
}

/** The flows that have runs and a time after which they go. */
async function dueFlows({ millrace, store }: ServerHost): Promise<ReadonlyMap<string, number>> {
  const { default: fallback, flows } = await millrace.archive.policies();
  const due = new Map<string, number>();
  for (const { flow } of await store.view.stats()) {
    const { afterMs } = flows[flow] ?? fallback;
    if (afterMs !== undefined) due.set(flow, Math.max(afterMs, LEAST_AGE_MS));
  }
  return due;
}

async function archiveFlow(
  host: ServerHost,
  { concurrency, perSecond }: ArchiverOptions,
  { flow, afterMs }: { readonly flow: string; readonly afterMs: number },
  work: {
    readonly counts: { archived: number; skipped: number; failed: number };
    readonly mayGoOn: () => Promise<boolean>;
    readonly looked: Looked;
  },
): Promise<void> {
  const { millrace, store, clock, log } = host;
  const { upTo } = work.looked;
  const from = upTo.get(flow);
  const to = new Date(clock.now() - afterMs);
  const query: RunQuery = {
    flow,
    closed: from === undefined ? { to } : { from, to },
    archived: false,
    order: { by: "closed", direction: "ascending" },
  };
  const before = { ...work.counts };
  const move = async ({ id }: RunRow): Promise<ArchivedOne["status"]> => {
    try {
      return (await millrace.archive.add(id, { olderThan: afterMs })).status;
    } catch (error) {
      log.warn({ run: id, err: error }, "A run was not archived: the next round tries again");
      return "failed";
    }
  };
  for (let after: string | undefined; ; ) {
    const begunAt = clock.now();
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }) };
    const { rows, next } = await store.view.list(query, page);
    for await (const status of workOnEach(rows, move, { concurrency, order: "ends" })) {
      work.counts[status === "was archived" ? "skipped" : status]++;
    }
    after = next;
    // What failed is tried again in the next round.
    if (after === undefined && work.counts.failed === before.failed) upTo.set(flow, to);
    if (after === undefined || !(await work.mayGoOn())) break;
    const restMs = (rows.length * 1_000) / perSecond - (clock.now() - begunAt);
    if (restMs > 0) {
      await new Promise<void>((resolve) => {
        clock.after(restMs, resolve);
      });
    }
  }
  const archived = work.counts.archived - before.archived;
  if (archived > 0) log.info({ flow, archived }, "Closed runs went to the archive");
}

const PAGE = 100;
