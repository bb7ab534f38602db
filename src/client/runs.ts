import type { Signal } from "../definition/signal.ts";
import { formatRunQuery } from "../engine/format-run-query.ts";
import { parseRunQuery } from "../engine/parse-run-query.ts";
import { QuestionRefusedError } from "../engine/question-errors.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId } from "../engine/run-id.ts";
import type { RunQuery } from "../engine/run-query.ts";
import type { RunStatus } from "../engine/run-status.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { askServer } from "./ask-server.ts";
import { BulkHandle, type BulkJson } from "./bulk-handle.ts";
import { type RunJson, type RunSummary, summaryOf } from "./run-summary.ts";
import { checkSignal } from "./send-signal.ts";

/**
 * Finds runs by what they are, whatever their flow: by asking a `millrace server` of the namespace over the broker. Runs go
 * on without one; then these methods throw {@link NoAnswerError}. A query is a {@link RunQuery}, or text in the query language
 * (`status:failed flow:checkout since:1h`, docs/search.md).
 */
export class Runs {
  readonly #broker: Broker;
  readonly #clock: Clock;

  constructor(broker: Broker, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
  }

  /**
   * The runs that a query finds, the newest submission first if it says nothing else. Iterate over them, or take them page
   * by page. None that was there from the start is left out or comes twice, whatever arrives meanwhile.
   *
   * ```ts
   * for await (const run of millrace.runs.list("status:failed since:1h")) console.log(run.id, run.error?.message);
   * ```
   * @throws {@link QueryError}, {@link NoAnswerError}, {@link QuestionRefusedError} when it is read.
   */
  list(query: RunQuery | string = "", options: ListOptions = {}): RunList {
    const { signal, pageSize = DEFAULT_PAGE } = options;
    const page = async (after?: string): Promise<RunSummaryPage> => {
      const asked = { limit: pageSize, ...(after === undefined ? {} : { after }) };
      const { runs, next } = await this.#find<PageJson>("runs.list", query, asked, signal);
      return { runs: runs.map(summaryOf), next };
    };
    return { page, [Symbol.asyncIterator]: () => allOf(page) };
  }

  /**
   * How many runs a query finds: exact up to `atMost`.
   * @throws {@link QueryError}, {@link NoAnswerError}, {@link QuestionRefusedError}
   */
  count(query: RunQuery | string = "", options: CountOptions = {}): Promise<RunCount> {
    const { signal, atMost } = options;
    return this.#find("runs.count", query, atMost === undefined ? {} : { atMost }, signal);
  }

  /**
   * One run as the search knows it.
   * @throws {@link RunNotFoundError} when it does not (yet), {@link NoAnswerError}, {@link InvalidNameError}
   */
  async get(id: string, options: AskingOptions = {}): Promise<RunSummary> {
    const run = parseRunId(id);
    try {
      return summaryOf(await this.#ask<RunJson>("runs.get", { id: run.id }, options.signal));
    } catch (error) {
      if (!isRefusal(error, "RUN_NOT_FOUND")) throw error;
      throw new RunNotFoundError(run.id, this.#broker.log.namespace);
    }
  }

  /** How many runs there are by flow, queue and status, exactly. @throws {@link NoAnswerError} */
  async stats(options: AskingOptions = {}): Promise<readonly RunStats[]> {
    const { stats } = await this.#ask<{ stats: RunStats[] }>("runs.stats", {}, options.signal);
    return stats;
  }

  /**
   * Cancels every run that a query finds and that was submitted before, by a job that the servers do: it goes on when this
   * process ends. With `dryRun`, nothing is done but counting them.
   *
   * ```ts
   * const job = await millrace.runs.cancelWhere("flow:checkout status:suspended", { reason: "sold out" });
   * const { done, failed } = await job.result();
   * ```
   * @throws {@link QueryError}, {@link NoAnswerError}, {@link QuestionRefusedError}
   */
  cancelWhere(
    query: RunQuery | string,
    options: CancelWhereOptions & { readonly dryRun: true },
  ): Promise<BulkCount>;
  cancelWhere(
    query: RunQuery | string,
    options?: CancelWhereOptions & { readonly dryRun?: false },
  ): Promise<BulkHandle>;
  async cancelWhere(
    query: RunQuery | string,
    {
      reason = "",
      dryRun = false,
      signal,
    }: CancelWhereOptions & { readonly dryRun?: boolean } = {},
  ): Promise<BulkCount | BulkHandle> {
    if (dryRun) return this.#find<BulkCount>("bulk.count", query, {}, signal);
    return this.#bulk(query, { action: "cancel", reason }, signal);
  }

  /**
   * Ends every run that a query finds, now and whoever has it, as {@link Runs.cancelWhere} cancels them.
   * @throws {@link QueryError}, {@link NoAnswerError}, {@link QuestionRefusedError}
   */
  terminateWhere(query: RunQuery | string, options: CancelWhereOptions = {}): Promise<BulkHandle> {
    const { reason = "", signal } = options;
    return this.#bulk(query, { action: "terminate", reason }, signal);
  }

  /**
   * Continues every parked, failed or crashed run that a query finds, and skips the others.
   * @throws {@link QueryError}, {@link NoAnswerError}, {@link QuestionRefusedError}
   */
  resumeWhere(query: RunQuery | string, options: AskingOptions = {}): Promise<BulkHandle> {
    return this.#bulk(query, { action: "resume" }, options.signal);
  }

  /**
   * Runs every run that a query finds again from the start, each as a run of its own with the same input: see
   * {@link RunHandle.rerun}.
   * @throws {@link QueryError}, {@link NoAnswerError}, {@link QuestionRefusedError}
   */
  rerunWhere(query: RunQuery | string, options: AskingOptions = {}): Promise<BulkHandle> {
    return this.#bulk(query, { action: "rerun" }, options.signal);
  }

  /**
   * Forks every run that a query finds at the same point, such as a step: see {@link RunHandle.fork}. A run that has no such
   * point fails, and the others go on.
   * @throws {@link QueryError}, {@link NoAnswerError}, {@link QuestionRefusedError}
   */
  forkWhere(
    query: RunQuery | string,
    { from, signal }: AskingOptions & { readonly from: string },
  ): Promise<BulkHandle> {
    return this.#bulk(query, { action: "fork", from }, signal);
  }

  /**
   * Sends a value to every open run that a query finds, by a signal: each receives it once.
   * @throws {@link InputInvalidError} and {@link NotSerializableError} before anything is asked; {@link QueryError},
   * {@link NoAnswerError}, {@link QuestionRefusedError}
   */
  async signalWhere<Value, Wire>(
    query: RunQuery | string,
    signal: Signal<Value, Wire>,
    ...args: undefined extends Wire
      ? [value?: NoInfer<Wire>, options?: AskingOptions]
      : [value: NoInfer<Wire>, options?: AskingOptions]
  ): Promise<BulkHandle> {
    const [value, options = {}] = args;
    const { name, payload } = await checkSignal(signal, value);
    const { encoding, data } = payload;
    const sent = { encoding, data: Buffer.from(data).toString("base64") };
    return this.#bulk(query, { action: "signal", name, value: sent }, options.signal);
  }

  /** A bulk job by its id. Reads nothing yet. */
  job(id: string): BulkHandle {
    return new BulkHandle({ broker: this.#broker, clock: this.#clock }, id);
  }

  async #bulk(
    query: RunQuery | string,
    action: object,
    signal: AbortSignal | undefined,
  ): Promise<BulkHandle> {
    const { id } = await this.#find<BulkJson>("bulk.create", query, action, signal);
    return this.job(id);
  }

  async #find<T>(
    subject: string,
    query: RunQuery | string,
    more: object,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const text = typeof query === "string" ? query : formatRunQuery(query);
    try {
      return await this.#ask<T>(subject, { ...more, query: text }, signal);
    } catch (error) {
      // The same error as the server's, with the place of the character.
      if (isRefusal(error, "INVALID_QUERY")) parseRunQuery(text, this.#clock.now());
      throw error;
    }
  }

  #ask<T>(subject: string, question: object, signal: AbortSignal | undefined): Promise<T> {
    return askServer<T>(this.#broker.questions, subject, question, { signal });
  }
}

export interface AskingOptions {
  /** Gives the question up, with its reason. */
  readonly signal?: AbortSignal;
}

export interface ListOptions extends AskingOptions {
  /** Most runs of a page, 1 to 1,000. A page may have fewer, so that it fits into a message. Default 100. */
  readonly pageSize?: number;
}

export interface CountOptions extends AskingOptions {
  /** Counts no further than this, 1 to 1,000,000. Default 10,000. */
  readonly atMost?: number;
}

export interface CancelWhereOptions extends AskingOptions {
  /** Told to the runs, and kept with them. */
  readonly reason?: string;
}

/** How many runs a bulk job would come to, exactly. */
export interface BulkCount {
  readonly count: number;
}

/** What a query finds: all of it by iteration, or page by page. */
export interface RunList extends AsyncIterable<RunSummary> {
  /** The first page, or the one after another one: `after` is its `next`. */
  page(after?: string): Promise<RunSummaryPage>;
}

export interface RunSummaryPage {
  readonly runs: readonly RunSummary[];
  /** For the page that follows; nothing on the last one. */
  readonly next: string | undefined;
}

export interface RunCount {
  readonly count: number;
  /** False: there are at least so many. */
  readonly exact: boolean;
}

export interface RunStats {
  readonly flow: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly count: number;
}

interface PageJson {
  readonly runs: readonly RunJson[];
  readonly next?: string;
}

const DEFAULT_PAGE = 100;

async function* allOf(
  page: (after?: string) => Promise<RunSummaryPage>,
): AsyncGenerator<RunSummary> {
  for (let after: string | undefined; ; ) {
    const { runs, next } = await page(after);
    yield* runs;
    if (next === undefined) return;
    after = next;
  }
}

function isRefusal(error: unknown, refusal: string): boolean {
  return error instanceof QuestionRefusedError && error.refusal === refusal;
}
