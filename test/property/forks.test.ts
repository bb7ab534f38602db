import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { MillraceError } from "../../src/engine/millrace-error.ts";
import { connectBroker } from "../../src/jetstream/connect-broker.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { systemClock } from "../../src/ports/clock.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { serve } from "../../src/worker/serve.ts";
import { drill } from "./support/drill.ts";
import { type ForkStage, forkEverywhere } from "./support/fork-everywhere.ts";
import { plansOf } from "./support/plan.ts";
import { flowsOf, signalOf } from "./support/play.ts";
import { type Node, programs, SIGNALS } from "./support/program.ts";
import { openRunsIn, runsIn } from "./support/stored-runs.ts";

/** How many plans make the corpus; raise it with `MILLRACE_FORKED_PROGRAMS=2000`. */
const PROGRAMS = Number(process.env["MILLRACE_FORKED_PROGRAMS"] ?? 25);
/** Repeat a course with the seed that a failure prints: `MILLRACE_SEED=123`. */
const SEED = process.env["MILLRACE_SEED"];
/** Of each plan. */
const MOST_RUNS = 3;

test(
  "a fork from every point of every run ends, does nothing again, leaves nothing out, and its origin is untouched",
  async () => {
    const property = fc.asyncProperty(plansOf(programs), async (plan) => {
      const { messages } = await drill(plan);
      const runs = [...runsIn(messages).values()].filter(({ frames }) => frames.length > 0);
      const stage = await openStage(plan.program, messages);
      for (const { id } of runs.slice(0, MOST_RUNS)) await forkEverywhere(stage, id);
      await stage.close();
    });
    const seed = SEED === undefined ? {} : { seed: Number(SEED) };
    await expect(fc.assert(property, { numRuns: PROGRAMS, ...seed })).resolves.toBeUndefined();
  },
  60_000 + PROGRAMS * 4_000,
);

test("on JetStream too, a fork from every point of a run with a bit of everything ends, and the run is untouched", async () => {
  const storeDir = await mkdtemp(join(tmpdir(), "millrace-forks-"));
  const server = await startNatsServer({ storeDir });
  onTestFinished(async () => {
    await server.stop();
    await rm(storeDir, { recursive: true, force: true });
  });
  const connect = (): Promise<Broker> => connectBroker({ servers: server.url, namespace: "forks" });
  const done: string[] = [];
  const worker = await serve(
    flowsOf(EVERYTHING, systemClock, undefined, (key) => void done.push(key)),
    { connection: { broker: await connect() }, log: pino({ level: "silent" }) },
  );
  const client = new Millrace(await connect());
  let value = 0;
  const turn = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const flow of ["program", "child"]) {
      for await (const { id, closed } of client.list({ flow })) {
        if (closed) continue;
        await client.attach(id).signal(signalOf("x"), ++value).catch(unlessClosed);
      }
    }
  };
  const run = await client.submit("program", undefined, { key: "run-0" });
  const ended = run.result();
  while (!(await run.state()).closed) await turn();
  await ended;
  // Its child may be told of, and its parent, a moment after the end.
  const stage = { client, done, settle: <T>(promise: Promise<T>) => promise, turn };
  const forks = await forkEverywhere(stage, run.id);
  expect(forks.length).toBeGreaterThan(12);
  await worker.drain();
  await client.close();
}, 120_000);

const step = (name: string, failures = 0): Node => {
  return { type: "step", name, failures, attempts: 2, fatal: false, ms: 0 };
};

/** Steps, a retry, a saga that fails, a child, a race, a signal, timers. */
const EVERYTHING: Node = {
  type: "sequence",
  nodes: [
    step("a"),
    step("b", 1),
    { type: "chance", source: "uuid" },
    {
      type: "all",
      nodes: [
        {
          type: "child",
          body: { type: "sequence", nodes: [step("a"), { type: "sleep", ms: 50 }] },
          use: "result",
          onParentClose: "cancel",
          delayMs: 0,
          deadlineMs: 0,
        },
        { type: "race", nodes: [step("c"), { type: "sleep", ms: 1 }] },
        { type: "receive", signal: "x", timeoutMs: 0 },
      ],
    },
    {
      type: "catch",
      body: { type: "saga", body: { type: "sequence", nodes: [step("a"), { type: "throw" }] } },
      handler: step("c"),
    },
    step("a"),
  ],
};

/** The log of a drill that is over, with a worker that goes on later. */
async function openStage(
  program: Node,
  messages: readonly Stored[],
): Promise<ForkStage & { close(): Promise<void> }> {
  const clock = new ManualClock(LATER);
  const broker = new MemoryBroker({ clock });
  for (const { subject, data } of messages) broker.store(subject, data);
  const client = new Millrace(broker.connect(), clock);
  const connection = broker.connect();
  const done: string[] = [];
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    const over = promise.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([over, clock.advance(1)]))) await clock.advance(1);
    return promise;
  };
  const flows = flowsOf(program, connection.clock, undefined, (key) => void done.push(key));
  const worker = await settle(
    serve(flows, {
      connection: { broker: connection },
      clock: connection.clock,
      log: pino({ level: "silent" }),
    }),
  );
  // All messages are handed out once more here, and a run that has ended tells its parent so again: a second time changes
  // nothing but the parent's inbox, and not while its forks are looked at.
  while (broker.unacked().length > 0) await clock.advance(100);
  let value = 0;
  const turn = async (): Promise<void> => {
    await clock.advance(7_000);
    for (const { id } of openRunsIn(broker.messages())) {
      for (const name of SIGNALS) {
        await settle(client.attach(id).signal(signalOf(name), ++value)).catch(unlessClosed);
      }
    }
  };
  const close = (): Promise<void> => settle(worker.drain());
  return { client, done, settle, turn, close };
}

/** Long after the drill. */
const LATER = 1_760_000_000_000;

function unlessClosed(error: unknown): void {
  if (!(error instanceof MillraceError)) throw error;
}
