/** What operations cost in messages stored and look-ups made: docs/design.md, section 8. Counts, never times. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw, type NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect, flow, Millrace, type ServingWorker, serve, task } from "../../src/index.ts";
import type { RunLog } from "../../src/ports/run-log.ts";

let directory: string;
let server: NatsServer;
let raw: NatsConnection;
let millrace: Millrace;
let worker: ServingWorker;
/** The methods of the run log that the client has called since the last look. */
const calls: string[] = [];

const nothing = task("nothing", (input: number) => input);
const sequential = flow("sequential", async (ctx, count: number) => {
  for (let at = 0; at < count; at++) await ctx.run(nothing, at);
  return count;
});
const parallel = flow("parallel", async (ctx, count: number) => {
  const numbers = Array.from({ length: count }, (_, at) => at);
  return ctx.all(numbers, (at) => ctx.run(nothing, at));
});
const nobody = flow("nobody", (_, input: number) => input);
const sleeper = flow("sleeper", async (ctx) => ctx.sleep("20ms"));
const between = flow("between", async (ctx) => {
  await ctx.run(nothing, 1);
  await ctx.sleep("1ms");
  await ctx.run(nothing, 2);
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-writes-"));
  server = await startNatsServer({ storeDir: directory });
  raw = await connectRaw({ servers: server.url });
  const connection = await connect({ servers: server.url });
  millrace = new Millrace({ ...connection.broker, log: counted(connection.broker.log) });
  worker = await serve([sequential, parallel, sleeper, between, nothing], {
    connection,
    log: pino({ level: "silent" }),
  });
});

afterAll(async () => {
  await worker.drain();
  await millrace.close();
  await raw.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
});

/** How many messages the work stored in the namespace's stream. Waits until an idle worker has nothing left to write. */
async function writesOf(work: () => Promise<unknown>): Promise<number> {
  const before = await lastSequence();
  await work();
  await expect.poll(() => worker.stats).toEqual({ held: 0, executing: 0 });
  return (await lastSequence()) - before;
}

async function lastSequence(): Promise<number> {
  const reply = await raw.request("$JS.API.STREAM.INFO.MR_default_0", "", { timeout: 30_000 });
  return reply.json<{ readonly state: { readonly last_seq: number } }>().state.last_seq;
}

/** Notes each call of a method of the run log. */
function counted(log: RunLog): RunLog {
  return new Proxy(log, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown => {
        calls.push(String(name));
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** The calls of the run log that the client makes for this work. */
async function callsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  calls.length = 0;
  await work();
  return [...calls];
}

test("a submission is one message", async () => {
  const writes = await writesOf(async () => {
    expect(await callsOf(() => millrace.submit(nobody, 1, { key: "one" }))).toEqual(["submit"]);
    expect(await callsOf(() => millrace.submit("nobody", 1))).toEqual(["submit"]);
  });
  expect(writes).toBe(2);
});

test("a key given by name alone costs a look-up: the flow may have a queue of its own", async () => {
  const writes = await writesOf(async () => {
    const made = await callsOf(() => millrace.submit("nobody", 1, { key: "by-name" }));
    expect(made).toEqual(["head", "submit"]);
  });
  expect(writes).toBe(1);
});

test("a submission under a key that is taken stores nothing", async () => {
  await millrace.submit(nobody, 1, { key: "taken" });
  const writes = await writesOf(async () => {
    expect(await callsOf(() => millrace.submit(nobody, 2, { key: "taken" }))).toEqual(["submit"]);
  });
  expect(writes).toBe(0);
});

test.each([0, 1, 5, 20])(
  "a flow of %d steps, one after the other, is so many messages and two",
  async (count) => {
    const run = async (): Promise<number> => (await millrace.submit(sequential, count)).result();
    expect(await writesOf(run)).toBe(count + 2);
  },
);

test("a submitted task is a submission, its outcome and its end", async () => {
  expect(await writesOf(async () => (await millrace.submit(nothing, 1)).result())).toBe(3);
});

test("steps that end together share a message", async () => {
  expect(await writesOf(async () => (await millrace.submit(parallel, 50)).result())).toBe(3);
});

test("a sleep is two events, and no message but their two frames", async () => {
  const writes = await writesOf(async () => (await millrace.submit(sleeper)).result());
  expect(writes - 2).toBe(2);
});

test("a sleep between two steps adds its two frames and nothing else", async () => {
  expect(await writesOf(async () => (await millrace.submit(between)).result())).toBe(2 + 2 + 2);
});

test("a result that the submitter waited for takes no look-up: the worker tells it", async () => {
  const run = await millrace.submit(sequential, 1);
  expect(await callsOf(() => run.result())).toEqual([]);
});

test("reading the state of a run stores nothing and is one look-up", async () => {
  const run = await millrace.submit(sequential, 3, { key: "state" });
  await run.result();
  const read = async (): Promise<unknown> => millrace.attach(run.id).state();
  expect(await writesOf(async () => expect(await callsOf(read)).toEqual(["head"]))).toBe(0);
});

test("reading the result of a run that ended stores nothing and is one look-up", async () => {
  const run = await millrace.submit(sequential, 3, { key: "result" });
  await run.result();
  const read = async (): Promise<unknown> => millrace.attach(run.id).result();
  const looked = async (): Promise<void> => expect(await callsOf(read)).toEqual(["head"]);
  expect(await writesOf(looked)).toBe(0);
});

test("reading all that is recorded of a run stores nothing, however long its history", async () => {
  const run = await millrace.submit(sequential, 20, { key: "details" });
  await run.result();
  const read = async (): Promise<unknown> => run.details();
  const looked = async (): Promise<void> =>
    expect((await callsOf(read)).toSorted()).toEqual(["head", "submission", "tellHistory"]);
  expect(await writesOf(looked)).toBe(0);
});

test("two hundred runs at once cost no message more than one after the other", async () => {
  // What has waited for a second is exchanged for a new message: here nothing has, however slow the machine is.
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const writes = await writesOf(async () => {
    const runs = await Promise.all(
      Array.from({ length: 200 }, () => millrace.submit(sequential, 2)),
    );
    await Promise.all(runs.map((run) => run.result()));
  });
  expect(writes).toBe(200 * (2 + 2));
});
