import { formatRunQuery } from "../engine/format-run-query.ts";
import { parseRunQuery } from "../engine/parse-run-query.ts";
import { QuestionRefusedError } from "../engine/question-errors.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId } from "../engine/run-id.ts";
import type { RunQuery } from "../engine/run-query.ts";
import type { RunStatus } from "../engine/run-status.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { type RunJson, type RunSummary, summaryOf } from "./run-summary.ts";

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
      const { runs, next } = await this.#find<PageJson>("list", query, asked, signal);
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
    return this.#find("count", query, atMost === undefined ? {} : { atMost }, signal);
  }

  /**
   * One run as the search knows it.
   * @throws {@link RunNotFoundError} when it does not (yet), {@link NoAnswerError}, {@link InvalidNameError}
   */
  async get(id: string, options: AskingOptions = {}): Promise<RunSummary> {
    const run = parseRunId(id);
    try {
      return summaryOf(await this.#ask<RunJson>("get", { id: run.id }, options.signal));
    } catch (error) {
      if (!isRefusal(error, "RUN_NOT_FOUND")) throw error;
      throw new RunNotFoundError(run.id, this.#broker.log.namespace);
    }
  }

  /** How many runs there are by flow, queue and status, exactly. @throws {@link NoAnswerError} */
  async stats(options: AskingOptions = {}): Promise<readonly RunStats[]> {
    const { stats } = await this.#ask<{ stats: RunStats[] }>("stats", {}, options.signal);
    return stats;
  }

  async #find<T>(
    topic: string,
    query: RunQuery | string,
    more: object,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const text = typeof query === "string" ? query : formatRunQuery(query);
    try {
      return await this.#ask<T>(topic, { ...more, query: text }, signal);
    } catch (error) {
      // The same error as the server's, with the place of the character.
      if (isRefusal(error, "INVALID_QUERY")) parseRunQuery(text, this.#clock.now());
      throw error;
    }
  }

  async #ask<T>(topic: string, question: object, signal: AbortSignal | undefined): Promise<T> {
    const data = new TextEncoder().encode(JSON.stringify(question));
    const options = { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
    const answer = await this.#broker.questions.ask(`runs.${topic}`, data, options);
    return JSON.parse(new TextDecoder().decode(answer)) as T;
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
const TIMEOUT_MS = 15_000;

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
