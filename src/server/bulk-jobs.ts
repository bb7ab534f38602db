/**
 * Bulk jobs: one action for all runs that a query finds.
 *
 * - A job is a control record. What is done next is written there before it is done, and what came of it afterwards, both by
 *   CAS: a server that dies leaves a page of runs that another one does again, and asks no run twice.
 * - A lease keeps servers from doing the same. Two that do it all the same find out by the record.
 */

import { ControlLease } from "../client/control-lease.ts";
import { workOnEach } from "../client/outcomes.ts";
import { Rounds } from "../client/rounds.ts";
import type { BulkError, BulkJobRecord } from "../engine/bulk-job.ts";
import { isClosed, isResumable } from "../engine/frame.ts";
import { MillraceError } from "../engine/millrace-error.ts";
import { parseRunQuery } from "../engine/parse-run-query.ts";
import { BrokerError, ConnectionClosedError } from "../engine/usage-errors.ts";
import type { RunRow } from "../projections/run-row.ts";
import { actOn, isMadeBy } from "./bulk-action.ts";
import { BulkJobNotFoundError } from "./bulk-job-errors.ts";
import { bulkJobRecords, changeBulkJob } from "./bulk-job-records.ts";
import type { ServerHost, ServerPart } from "./server-host.ts";

/** Works on the jobs that are there, and on those that come. Several replicas share them. */
export function startBulkJobs(host: ServerHost, options: Partial<BulkOptions> = {}): ServerPart {
  const settings = { ...BULK_DEFAULTS, ...options };
  const ended = new AbortController();
  const underWay = new Map<string, Promise<void>>();
  const begin = ({ id }: BulkJobRecord): void => {
    const work = new BulkWork(host, settings, id, ended.signal)
      .goOn()
      .catch((error: unknown) => {
        if (!ended.signal.aborted)
          host.log.warn({ job: id, err: error }, "A bulk job waits: it is tried again");
      })
      .finally(() => underWay.delete(id));
    underWay.set(id, work);
  };
  const rounds = new Rounds(host, "bulk jobs", settings.lookEveryMs, async () => {
    for (const job of await bulkJobRecords(host)) {
      if (underWay.size >= settings.jobsAtOnce) return;
      if (job.state === "running" && !underWay.has(job.id) && !ended.signal.aborted) begin(job);
    }
  });
  return {
    stop: async () => {
      ended.abort();
      await rounds.stop();
      await Promise.all(underWay.values());
    },
  };
}

export interface BulkOptions {
  /** Runs that are written down, asked and counted together. */
  readonly pageSize: number;
  /** Runs that are asked at once, a job. */
  readonly concurrency: number;
  /** Runs that are asked in a second, a job. */
  readonly perSecond: number;
  /** Jobs that a replica works on at once. */
  readonly jobsAtOnce: number;
  readonly lookEveryMs: number;
  /** After so long another replica goes on with the job of one that died. */
  readonly leaseMs: number;
}

const BULK_DEFAULTS: BulkOptions = Object.freeze({
  pageSize: 200,
  concurrency: 32,
  perSecond: 500,
  jobsAtOnce: 4,
  lookEveryMs: 1_000,
  leaseMs: 15_000,
});

/** One replica's work on one job. */
class BulkWork {
  readonly #host: ServerHost;
  readonly #options: BulkOptions;
  readonly #id: string;
  readonly #signal: AbortSignal;
  readonly #lease: ControlLease;

  constructor(host: ServerHost, options: BulkOptions, id: string, signal: AbortSignal) {
    this.#host = host;
    this.#options = options;
    this.#id = id;
    this.#signal = signal;
    this.#lease = new ControlLease({
      control: host.millrace.broker.control,
      clock: host.clock,
      what: `job-${id}`,
      holder: host.replica,
      ttlMs: options.leaseMs,
    });
  }

  /** Page after page until the job has ended, or is another replica's. */
  async goOn(): Promise<void> {
    if (!(await this.#lease.hold())) return;
    try {
      // What the record says at first may have been done in part, by somebody who died.
      let job: BulkJobRecord | undefined = await changeBulkJob(
        this.#host,
        this.#id,
        () => undefined,
      );
      for (
        let isRepeat = true;
        job?.state === "running" && !this.#signal.aborted;
        isRepeat = false
      ) {
        job = await this.#step(job, isRepeat);
        if (!(await this.#lease.hold())) return;
      }
    } catch (error) {
      if (!(error instanceof BulkJobNotFoundError)) throw error;
    } finally {
      await this.#lease.release().catch(() => undefined); // It runs out by itself.
    }
  }

  /** Does the page that is written down, and writes down what came of it with the next one. Nothing when the job is lost. */
  async #step(job: BulkJobRecord, isRepeat: boolean): Promise<BulkJobRecord | undefined> {
    const counted = await this.#doPage(job, isRepeat);
    const next = await this.#nextPage(job);
    const now = this.#host.clock.now();
    let isLost = false;
    const change = (found: BulkJobRecord): BulkJobRecord | undefined => {
      const isWritten = found.step === job.step + 1 && found.by === this.#host.replica;
      isLost = !isWritten && found.step !== job.step;
      if (isWritten || isLost) return undefined;
      const after = {
        ...found,
        ...summed(job, counted),
        step: job.step + 1,
        by: this.#host.replica,
      };
      if (found.state !== "running") return { ...after, page: [], cursor: undefined };
      if (next !== undefined) {
        const { ids, skipped, cursor } = next;
        const matched = job.matched + ids.length + skipped;
        return { ...after, matched, skipped: after.skipped + skipped, page: ids, cursor };
      }
      return { ...after, state: "done", finishedAt: now, page: [], cursor: undefined };
    };
    const after = await changeBulkJob(this.#host, this.#id, change);
    if (!isLost) return after;
    this.#host.log.info({ job: this.#id }, "Another replica goes on with this bulk job");
    return undefined;
  }

  async #doPage(job: BulkJobRecord, isRepeat: boolean): Promise<Counted> {
    const { clock, millrace } = this.#host;
    const { concurrency, perSecond } = this.#options;
    const host = { ...millrace.host, clock };
    const startedAt = clock.now();
    const ask = (run: string): Promise<Asked> =>
      actOn(host, job, run, isRepeat).then(
        (came) => ({ run, came }),
        (error: unknown) => ({ run, came: "failed", error }),
      );
    const counted: Counted = { done: 0, skipped: 0, failed: 0, errors: [] };
    for await (const asked of workOnEach(job.page, ask, { concurrency, order: "ends" })) {
      counted[asked.came]++;
      if (asked.came !== "failed") continue;
      if (isAbsence(asked.error)) throw asked.error; // The page is done again when the broker is back.
      counted.errors.push(errorOf(asked.run, asked.error));
    }
    await this.#pause(startedAt + (job.page.length * 1_000) / perSecond - clock.now());
    return counted;
  }

  async #nextPage({
    id: job,
    action,
    query,
    cursor,
  }: BulkJobRecord): Promise<NextPage | undefined> {
    if (cursor === undefined) return undefined;
    const { clock, store } = this.#host;
    const after = cursor === "" ? {} : { after: cursor };
    const asked = parseRunQuery(query, clock.now());
    const { rows, next } = await store.view.list(asked, {
      limit: this.#options.pageSize,
      ...after,
    });
    const makesRuns = action.type === "rerun" || action.type === "fork";
    const isOver = ({ id, status, archived }: RunRow): boolean =>
      makesRuns
        ? isMadeBy(job, id)
        : isClosed(status) && (action.type !== "resume" || !isResumable(status) || archived !== "");
    const ids = rows.filter((row) => !isOver(row)).map(({ id }) => id);
    return { ids, skipped: rows.length - ids.length, cursor: next };
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        cancel();
        this.#signal.removeEventListener("abort", over);
        resolve();
      };
      const cancel = this.#host.clock.after(ms, over);
      this.#signal.addEventListener("abort", over);
    });
  }
}

interface NextPage {
  readonly ids: readonly string[];
  /** Runs for which the projection says that there is nothing to do. */
  readonly skipped: number;
  readonly cursor: string | undefined;
}

interface Counted {
  done: number;
  skipped: number;
  failed: number;
  readonly errors: BulkError[];
}

type Asked =
  | { readonly run: string; readonly came: "done" | "skipped" }
  | { readonly run: string; readonly came: "failed"; readonly error: unknown };

function summed(job: BulkJobRecord, counted: Counted): Pick<BulkJobRecord, keyof Counted> {
  return {
    done: job.done + counted.done,
    skipped: job.skipped + counted.skipped,
    failed: job.failed + counted.failed,
    errors: [...job.errors, ...counted.errors].slice(0, MAX_ERRORS),
  };
}

function isAbsence(error: unknown): boolean {
  return error instanceof BrokerError || error instanceof ConnectionClosedError;
}

function errorOf(run: string, error: unknown): BulkError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof MillraceError ? error.code : "UNEXPECTED";
  return { run, code, message: message.slice(0, MAX_MESSAGE) };
}

const MAX_ERRORS = 20;
/** Characters. */
const MAX_MESSAGE = 300;
