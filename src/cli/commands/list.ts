import type { Command } from "commander";
import { NoAnswerError } from "../../engine/question-errors.ts";
import { type Millrace, parseRunQuery, type RunQuery } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { countValue } from "../option-values.ts";
import { type ListedRun, runListLines } from "../render-run-list.ts";
import { repeatView } from "../repeat-view.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace list [query…]` */
export function addList(program: Command, host: Host): void {
  program
    .command("list")
    .description("List the runs that a query finds, the newest first.")
    .argument("[query...]", "in the query language; all runs by default")
    .option("-l, --limit <n>", "most runs to list (default: 50)", countValue)
    .option("--all", "list all of them")
    .option("--count", "print how many there are, and list none")
    .option("--watch", "show it again every two seconds")
    .addHelpText("after", HELP)
    .action(async (words: readonly string[], _: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<ListOptions>();
      const text = words.join(" ");
      // Refused before anything is opened.
      parseRunQuery(text, Date.now());
      await using millrace = await openExisting(options);
      const lister = new Lister(millrace, text, terminal);
      const show = async (): Promise<readonly string[]> =>
        options.count === true ? lister.count() : lister.list(limitOf(options));
      if (options.watch === true) return await repeatView(terminal, show);
      for (const line of await show()) terminal.print(line);
      lister.notes();
    });
}

const HELP = `
Words of the query (docs/search.md): flow:checkout  status:failed,parked  status:open  -status:completed
key:order-*  tag:job:42  queue:slow  since:1h  closed:<2026-05-04  attr.customer:ann  attr.amount>100
parent:<id>  root:<id>  error:<fingerprint>  order:-closed  "words of the error"
Quote what the shell would take for its own: 'attr.amount>100'

A "millrace server" answers. Without one a query of flow: and status: alone is answered from the log,
without the runs that no worker has taken up yet. With --json: one run a line.

Examples:
  $ millrace list status:failed since:1h
  $ millrace list flow:checkout 'attr.amount>=100' --limit 200
  $ millrace list status:open --count
  $ millrace list flow:checkout --all --json | jq -r .id`;

interface ListOptions extends GlobalOptions {
  readonly limit?: number;
  readonly all?: boolean;
  readonly count?: boolean;
  readonly watch?: boolean;
}

const DEFAULT_LIMIT = 50;
const MAX_PAGE = 500;

function limitOf({ limit = DEFAULT_LIMIT, all }: ListOptions): number {
  return all === true ? Number.POSITIVE_INFINITY : limit;
}

class Lister {
  readonly #millrace: Millrace;
  readonly #query: string;
  readonly #terminal: Terminal;
  #isFromLog = false;
  #found = 0;
  #hasMore = false;

  constructor(millrace: Millrace, query: string, terminal: Terminal) {
    this.#millrace = millrace;
    this.#query = query;
    this.#terminal = terminal;
  }

  /** The lines of a table; with `--json` it prints a document for each run as it comes, and gives none. */
  async list(limit: number): Promise<readonly string[]> {
    const { json } = this.#terminal;
    const shown: ListedRun[] = [];
    this.#found = 0;
    this.#hasMore = false;
    for await (const run of this.#runs(limit)) {
      if (this.#found === limit) {
        this.#hasMore = true;
        break;
      }
      this.#found++;
      if (json) this.#terminal.document(run);
      else shown.push(run);
    }
    return shown.length === 0 ? [] : runListLines(shown, Date.now(), this.#terminal);
  }

  async count(): Promise<readonly string[]> {
    const { count, exact } = await this.#count();
    this.#found = count;
    if (!this.#terminal.json) return [exact ? String(count) : `more than ${count}`];
    this.#terminal.document({ count, exact });
    return [];
  }

  /** What is to be known besides, once all is printed. */
  notes(): void {
    if (this.#isFromLog) this.#terminal.note(FROM_LOG);
    if (this.#terminal.json) return;
    if (this.#found === 0) this.#terminal.note("No run is like that.");
    if (this.#hasMore) {
      this.#terminal.note(`There are more than these ${this.#found}: add --limit <n> or --all.`);
    }
  }

  async *#runs(limit: number): AsyncGenerator<ListedRun> {
    let isBegun = false;
    try {
      const pageSize = Math.min(limit + 1, MAX_PAGE);
      for await (const run of this.#millrace.runs.list(this.#query, { pageSize })) {
        isBegun = true;
        yield run;
      }
    } catch (error) {
      if (isBegun) throw error;
      const simple = this.#answerableByLog(error);
      this.#isFromLog = true;
      for (const flow of simple.flows) {
        for await (const view of this.#millrace.list({ flow })) {
          if (simple.isMeant(view.status)) yield view;
        }
      }
    }
  }

  async #count(): Promise<{ readonly count: number; readonly exact: boolean }> {
    try {
      return await this.#millrace.runs.count(this.#query, { atMost: MAX_COUNT });
    } catch (error) {
      this.#answerableByLog(error);
      let count = 0;
      for await (const _ of this.#runs(Number.POSITIVE_INFINITY)) count++;
      return { count, exact: true };
    }
  }

  /** @throws the error, if it is not that no server is there, or the query needs one. */
  #answerableByLog(error: unknown): LogQuery {
    const query = parseRunQuery(this.#query, Date.now());
    const simple = error instanceof NoAnswerError ? logQueryOf(query) : undefined;
    if (simple === undefined) throw error;
    return simple;
  }
}

const MAX_COUNT = 1_000_000;

const FROM_LOG =
  "No server answers: this is from the log, without order, and without runs that no worker has taken up. For all: millrace server";

interface LogQuery {
  readonly flows: readonly string[];
  readonly isMeant: (status: string) => boolean;
}

/** A query that the heads of a flow's histories answer. */
function logQueryOf({ flow, status, notStatus, ...rest }: RunQuery): LogQuery | undefined {
  if (flow === undefined || Object.keys(rest).length > 0) return undefined;
  const wanted = status === undefined ? undefined : new Set<string>([status].flat());
  const unwanted = new Set<string>([notStatus ?? []].flat());
  return {
    flows: [flow].flat(),
    isMeant: (one) => (wanted === undefined || wanted.has(one)) && !unwanted.has(one),
  };
}
