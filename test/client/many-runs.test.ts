/** Many runs at once from one process: what is submitted, waited for, listed and resumed stays bounded. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import {
  type AnyDefinition,
  connect,
  flow,
  Millrace,
  type RunResult,
  type ServingWorker,
  type SubmitOutcome,
  serve,
} from "../../src/index.ts";
import type { RunLog } from "../../src/ports/run-log.ts";

let directory: string;
let server: NatsServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-many-"));
  server = await startNatsServer({ storeDir: directory });
});

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
});

async function open(namespace: string): Promise<Millrace> {
  const millrace = await connect({ servers: server.url, namespace });
  onTestFinished(() => millrace.close());
  return millrace;
}

async function hire(
  namespace: string,
  definitions: readonly AnyDefinition[],
): Promise<ServingWorker> {
  const connection = await open(namespace);
  const worker = await serve(definitions, { connection, log: pino({ level: "silent" }) });
  onTestFinished(() => worker.drain());
  return worker;
}

/** The same connection, noting how many calls of one kind are open at once. */
function noting(millrace: Millrace, calls: Calls): Millrace {
  const log = new Proxy(millrace.broker.log, {
    get(target, name: keyof RunLog) {
      const value: unknown = target[name];
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, args);
        const call = calls[name] ?? { made: 0, open: 0, most: 0 };
        calls[name] = call;
        call.made++;
        call.most = Math.max(call.most, ++call.open);
        if (!(answer instanceof Promise)) return answer;
        return answer.finally(() => call.open--);
      };
    },
  });
  return new Millrace({ ...millrace.broker, log });
}

type Calls = Partial<Record<keyof RunLog, { made: number; open: number; most: number }>>;

const echo = flow("echo", (_, value: number) => value);
const COUNT = 10_000;

async function* numbers(): AsyncGenerator<{ input: number; options: { key: string } }> {
  for (let input = 0; input < COUNT; input++) yield { input, options: { key: `run-${input}` } };
}

test("10,000 runs are submitted and waited for in one process without a subscription", async () => {
  const calls: Calls = {};
  const millrace = noting(await open("hinted"), calls);
  const handles: SubmitOutcome<number>[] = await millrace.submitMany(echo, numbers()).toArray();
  expect(handles.map(({ index }) => index)).toEqual(Array.from(handles, (_, at) => at));
  const runs = handles.flatMap((one) => (one.status === "accepted" ? [one.handle] : []));
  expect(runs).toHaveLength(COUNT);
  const waiting = millrace.results(runs).toArray();
  await hire("hinted", [echo]);
  expect(outputs(await waiting)).toEqual(Array.from(runs, (_, at) => at));
  expect(calls.submit?.most).toBeLessThanOrEqual(256);
  expect(calls.follow).toBeUndefined();
});

test("10,000 runs are attached to and waited for over one connection, with few look-ups at once", async () => {
  const submitter = await open("attached");
  const ids: string[] = [];
  for await (const outcome of submitter.submitMany(echo, numbers())) {
    if (outcome.status === "accepted") ids.push(outcome.handle.id);
  }
  const calls: Calls = {};
  const millrace = noting(await open("attached"), calls);
  const waiting = millrace.results<number>(ids).toArray();
  await expect.poll(() => calls.submission?.made).toBe(COUNT);
  await hire("attached", [echo]);
  expect(outputs(await waiting)).toEqual(Array.from(ids, (_, at) => at));
  expect((calls.head?.most ?? 0) + (calls.submission?.most ?? 0)).toBeLessThanOrEqual(2 * 64);
});

function outputs(results: readonly RunResult<number>[]): readonly number[] {
  return results
    .map((result) => (result.status === "completed" ? result.output : Number.NaN))
    .toSorted((one, other) => one - other);
}

test("what is refused is told in its place, and nothing of it is published", async () => {
  const calls: Calls = {};
  const millrace = noting(await open("refused"), calls);
  const strict = flow("strict", { input: z.object({ n: z.number() }) }, (_, { n }) => n);
  await millrace.submit(strict, { n: 0 }, { key: "taken" });
  const outcomes = await millrace
    .submitMany(strict, [
      { input: { n: 1 } },
      { input: { n: "2" as never } },
      { input: { n: 3 }, options: { key: "a\nb" } },
      { input: { n: 4 }, options: { key: "taken", ifExists: "reject" } },
      { input: { n: 5 }, options: { key: "taken" } },
      { input: { n: 6 }, options: { tags: [""] } },
      undefined as never,
      { input: { n: 8 } },
    ])
    .toArray();
  expect(
    outcomes.map((one) =>
      one.status === "accepted" ? one.status : [one.status, (one.error as { code?: string }).code],
    ),
  ).toEqual([
    "accepted",
    ["refused", "INPUT_INVALID"],
    ["refused", "INVALID_NAME"],
    ["refused", "RUN_EXISTS"],
    "accepted",
    ["refused", "INVALID_OPTION"],
    ["refused", undefined],
    "accepted",
  ]);
  expect(calls.submit?.made).toBe(1 + 4); // Of the taken key the broker refused two.
});

test("a bound that cannot be is refused at once", async () => {
  const millrace = await open("refused");
  expect(() => millrace.submitMany(echo, [], { concurrency: 0 })).toThrow(/concurrency/);
  expect(() => millrace.results([], { concurrency: 0.5 })).toThrow(/concurrency/);
});

test("each run's end is told as what it is, and an id that nobody submitted ends nothing", async () => {
  const moody = flow("moody", (_, how: string) => {
    if (how === "throws") throw new TypeError("no");
    return how;
  });
  const millrace = await open("ends");
  await hire("ends", [moody]);
  for (const how of ["throws", "well"]) {
    const run = await millrace.submit(moody, how, { key: how });
    await run.result().catch(() => undefined);
  }
  await millrace.submit("unserved", 1, { key: "waits" });
  const ids = ["moody:throws", "moody:well", "unserved:waits", "moody:nobody", "no id"];
  const results = await millrace.results(ids, { timeout: "5s" }).toArray();
  expect(new Map(results.map(({ id, status }) => [id, status]))).toEqual(
    new Map([
      ["moody:throws", "failed"],
      ["moody:well", "completed"],
      ["unserved:waits", "timeout"],
      ["moody:nobody", "not-found"],
      ["no id", "not-found"],
    ]),
  );
  const failed = results.find(({ status }) => status === "failed");
  expect(failed).toMatchObject({ error: { cause: { name: "TypeError", message: "no" } } });
});

test("an abort ends the wait for many with its reason, and prints no warning", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const millrace = await open("aborted");
  const runs = Array.from({ length: 100 }, () => millrace.submit("unserved"));
  const abort = new AbortController();
  const waiting = millrace.results(await Promise.all(runs), { signal: abort.signal }).toArray();
  const reason = new Error("enough");
  setImmediate(() => abort.abort(reason));
  await expect(waiting).rejects.toBe(reason);
  expect(warnings).toEqual([]);
});

test("runs are listed by state, and those that failed are resumed all at once and no others", async () => {
  let broken = true;
  const shaky = flow("shaky", (ctx, how: string) =>
    ctx.step("try", () => {
      if (broken && how === "shaky") throw new Error("not yet");
      return how;
    }),
  );
  const millrace = await open("resumed");
  await hire("resumed", [shaky]);
  const items = Array.from({ length: 600 }, (_, at) => ({
    input: at % 2 === 0 ? "shaky" : "sound",
    options: { key: `${at}` },
  }));
  const runs = (await millrace.submitMany(shaky, items).toArray()).flatMap((one) =>
    one.status === "accepted" ? [one.handle] : [],
  );
  await millrace.results(runs).toArray();
  expect(await count(millrace, "failed")).toBe(300);
  expect(await count(millrace, "completed")).toBe(300);
  expect(await millrace.resumeWhere({ flow: "shaky", status: ["parked", "crashed"] })).toBe(0);
  broken = false;
  expect(await millrace.resumeWhere({ flow: "shaky", status: "failed" })).toBe(300);
  await expect.poll(() => count(millrace, "completed")).toBe(600);
  expect(await millrace.resumeWhere({ flow: "shaky", status: "failed" })).toBe(0);
  await expect(
    millrace.resumeWhere({ flow: "shaky", status: "completed" as never }),
  ).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(count(millrace, "failed", "sh*ky")).rejects.toMatchObject({ code: "INVALID_NAME" });
});

async function count(
  millrace: Millrace,
  status: "failed" | "completed",
  name = "shaky",
): Promise<number> {
  let runs = 0;
  for await (const view of millrace.list({ flow: name, status })) {
    expect(view.status).toBe(status);
    runs++;
  }
  return runs;
}
