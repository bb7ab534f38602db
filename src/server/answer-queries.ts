import { parseRunQuery } from "../engine/parse-run-query.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId } from "../engine/run-id.ts";
import type { RunQuery } from "../engine/run-query.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import type { RunRow } from "../projections/run-row.ts";
import { runJson } from "./run-json.ts";
import type { ServerHost, ServerPart } from "./server-host.ts";

/** Answers what `millrace.runs` asks over the broker. Every replica does; each question goes to one of them. */
export async function startQueries(host: ServerHost): Promise<ServerPart> {
  const { questions } = host.millrace.broker;
  const stops = await Promise.all(
    Object.entries(TOPICS).map(([topic, answer]) =>
      questions.answer(`runs.${topic}`, async (data) => bytesOf(await answer(host, read(data)))),
    ),
  );
  return {
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

/** A question's fields, none of which is known to be what it should be. */
type Question = Readonly<Record<string, unknown>>;

const TOPICS: Readonly<Record<string, (host: ServerHost, question: Question) => Promise<object>>> =
  {
    list,
    count: ({ store, clock }, question) =>
      store.view.count(
        queryIn(question, clock.now()),
        wholeIn(question, "atMost", MAX_COUNT, DEFAULT_COUNT),
      ),
    get: async ({ store, millrace }, question) => {
      const { id } = parseRunId(textIn(question, "id") ?? "");
      const row = await store.view.row(id);
      if (row === undefined || !isRun(row)) throw new RunNotFoundError(id, millrace.namespace);
      return runJson(row);
    },
    stats: async ({ store }) => ({ stats: await store.view.stats() }),
  };

async function list(host: ServerHost, question: Question): Promise<object> {
  const { store, millrace, clock } = host;
  const query = queryIn(question, clock.now());
  const after = textIn(question, "after");
  const room = millrace.broker.log.maxMessageBytes;
  for (let limit = wholeIn(question, "limit", MAX_PAGE, DEFAULT_PAGE); ; ) {
    const page = await store.view.list(query, {
      limit,
      ...(after === undefined ? {} : { after }),
    });
    const answer = {
      runs: page.rows.map(runJson),
      ...(page.next === undefined ? {} : { next: page.next }),
    };
    const { length } = bytesOf(answer);
    if (length <= room || limit === 1) return answer;
    // As many as are likely to fit, and fewer in any case.
    limit = Math.max(1, Math.min(limit - 1, Math.floor((limit * room * LIKELY) / length)));
  }
}

/** A row without submission is only something in an inbox. */
function isRun({ submissionSequence }: RunRow): boolean {
  return submissionSequence > 0;
}

function queryIn(question: Question, now: number): RunQuery {
  return parseRunQuery(textIn(question, "query") ?? "", now);
}

function textIn(question: Question, name: string): string | undefined {
  const value = question[name];
  if (value === undefined || typeof value === "string") return value;
  throw new InvalidOptionError(name, value, "give text");
}

function wholeIn(question: Question, name: string, most: number, otherwise: number): number {
  const value = question[name] ?? otherwise;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return Number(value);
  throw new InvalidOptionError(name, value, `give a whole number from 1 to ${most}`);
}

function read(data: Uint8Array): Question {
  const question: unknown = JSON.parse(new TextDecoder().decode(data));
  if (typeof question === "object" && question !== null) return question as Question;
  throw new InvalidOptionError("question", question, "give a JSON object");
}

function bytesOf(answer: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(answer));
}

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1_000;
const DEFAULT_COUNT = 10_000;
const MAX_COUNT = 1_000_000;
const LIKELY = 0.9;
