import { parseRunQuery } from "../engine/parse-run-query.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId } from "../engine/run-id.ts";
import type { RunQuery } from "../engine/run-query.ts";
import type { RunRow } from "../projections/run-row.ts";
import { BULK_TOPICS } from "./answer-bulk.ts";
import { jsonBytes, type Question, readQuestion, textIn, wholeIn } from "./question.ts";
import { runJson } from "./run-json.ts";
import type { ServerHost, ServerPart } from "./server-host.ts";

/** Answers what `millrace.runs` asks over the broker. Every replica does; each question goes to one of them. */
export async function startQueries(host: ServerHost): Promise<ServerPart> {
  const { questions } = host.millrace.broker;
  const stops = await Promise.all(
    Object.entries({ ...RUN_TOPICS, ...BULK_TOPICS }).map(([subject, answer]) =>
      questions.answer(subject, async (data) => jsonBytes(await answer(host, readQuestion(data)))),
    ),
  );
  return {
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

const RUN_TOPICS: Readonly<
  Record<string, (host: ServerHost, question: Question) => Promise<object>>
> = {
  "runs.list": list,
  "runs.count": ({ store, clock }, question) =>
    store.view.count(queryIn(question, clock.now()), wholeIn(question, "atMost", COUNT)),
  "runs.get": async ({ store, millrace }, question) => {
    const { id } = parseRunId(textIn(question, "id") ?? "");
    const row = await store.view.row(id);
    if (row === undefined || !isRun(row)) throw new RunNotFoundError(id, millrace.namespace);
    return runJson(row);
  },
  "runs.stats": async ({ store }) => ({ stats: await store.view.stats() }),
};

async function list(host: ServerHost, question: Question): Promise<object> {
  const { store, millrace, clock } = host;
  const query = queryIn(question, clock.now());
  const after = textIn(question, "after");
  const room = millrace.broker.log.maxMessageBytes;
  for (let limit = wholeIn(question, "limit", PAGE); ; ) {
    const page = await store.view.list(query, {
      limit,
      ...(after === undefined ? {} : { after }),
    });
    const answer = {
      runs: page.rows.map(runJson),
      ...(page.next === undefined ? {} : { next: page.next }),
    };
    const { length } = jsonBytes(answer);
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

const PAGE = { most: 1_000, otherwise: 100 };
const COUNT = { most: 1_000_000, otherwise: 10_000 };
const LIKELY = 0.9;
