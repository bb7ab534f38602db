/** Moments between two messages that a drill of random programs seldom hits. */
import { pino } from "pino";
import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import type { AnyDefinition } from "../../src/definition/definition.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { type RunRef, runRef } from "../../src/engine/run-id.ts";
import { inputBytes, putInput } from "../../src/history/put-input.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import type { WriteFate } from "../../src/testing/memory-faults.ts";
import { decodeFrame } from "../../src/wire/frame-codec.ts";
import { type ServeOptions, serve } from "../../src/worker/serve.ts";
import { runsIn } from "./support/stored-runs.ts";

const log = pino({ level: "silent" });
const go = signal("go");

/** A broker with workers of these flows, and a client, all on one clock. */
async function open(flows: readonly AnyDefinition[], options: Partial<ServeOptions> = {}) {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock });
  const hire = async (seen: (broker: Broker) => Broker = (same) => same) => {
    const connection = broker.connect();
    const common = { clock: connection.clock, lease: "1s", log } as const;
    const serving = serve(flows, {
      connection: { broker: seen(connection) },
      ...common,
      ...options,
    });
    return { connection, worker: await clock.until(serving) };
  };
  const client = new Millrace(broker.connect(), clock);
  const headOf = (id: string) => runsIn(broker.messages()).get(id)?.frames.at(-1);
  return { clock, broker, client, hire, headOf };
}

/** Asks the run, as the inbox of `watcher` would, to tell of its end. */
function watch(client: Millrace, clock: ManualClock, run: RunRef, watcher: string): void {
  const { broker } = client;
  const body = { type: "Watch", runId: watcher, queue: "watcher" } as const;
  void putInput({ broker, clock }, run, run.flow, body);
}

function isTold(broker: MemoryBroker, watcher: string): boolean {
  const inbox = runsIn(broker.messages()).get(watcher)?.inbox ?? [];
  return inbox.some(({ body }) => body.type === "RunClosed");
}

test("a run that asks to be told of another before that one starts is told, though it ends in its first frame (I6)", async () => {
  const quick = flow("quick", (ctx) => ctx.step("a", () => 1));
  const { clock, broker, client, hire } = await open([quick]);
  await hire();
  watch(client, clock, runRef("quick", "a"), "watcher:a");
  await clock.advance(1_000);
  await clock.until((await clock.until(client.submit(quick, undefined, { key: "a" }))).result());
  await clock.advance(5_000);
  expect(isTold(broker, "watcher:a")).toBe(true);
});

test.each([0, 1])(
  "a run that asks to be told while the closing frame is under way is told, whichever worker gets its question (I6, %i)",
  async (turn) => {
    const quick = flow("quick", async (ctx) => {
      await ctx.step("a", () => 1);
      await ctx.step("b", () => 2);
    });
    const { clock, broker, client, hire } = await open([quick]);
    await hire();
    await hire();
    // Workers take messages in turn: this is for nobody, and makes it the other one's turn.
    if (turn === 1) watch(client, clock, runRef("quick", "none"), "watcher:a");
    await clock.advance(1_000);
    let asked = false;
    broker.inject({
      beforeWrite: ({ kind, data }): WriteFate => {
        const frame = kind === "append" ? decodeFrame(data) : undefined;
        if (asked || frame?.kind !== "ok" || frame.value.status !== "completed") return "stored";
        asked = true;
        watch(client, clock, runRef("quick", "a"), "watcher:a");
        return "not stored";
      },
    });
    await clock.until((await clock.until(client.submit(quick, undefined, { key: "a" }))).result());
    await clock.advance(5_000);
    expect(asked).toBe(true);
    expect(isTold(broker, "watcher:a")).toBe(true);
  },
);

test("a child that clean-up code submits goes on when its cancelled parent is taken up anew", async () => {
  const undo = flow("undo", async (ctx) => {
    await ctx.sleep("20s");
    return "undone";
  });
  const work = flow("work", async (ctx) => {
    try {
      await ctx.receive(go);
    } catch {
      const child = await ctx.submit(undo, undefined, { key: "u" });
      await child.result();
    }
  });
  const { clock, client, hire, headOf } = await open([work, undo], { suspendAfter: 0 });
  const { connection } = await hire();
  await hire();
  const handle = await clock.until(client.submit(work, undefined, { key: "w" }));
  await clock.advance(1_000);
  await clock.until(handle.cancel());
  await clock.advance(1_000);
  expect(headOf("work:w")?.status).toBe("suspended");
  await clock.until(handle.signal(go)); // It only wakes it.
  await clock.advance(1_000);
  connection.crash();
  await clock.advance(30_000);
  expect(headOf("undo:u")?.status).toBe("completed");
  expect(headOf("work:w")?.status).toBe("cancelled");
});

test("a run that went on while its wake-up was set is woken for what it waits for now, not for what it waited for then", async () => {
  const work = flow("work", async (ctx) => {
    await ctx.receive(go, { timeout: "1h" });
    await ctx.sleep("20s");
    return ctx.now();
  });
  const { clock, client, hire } = await open([work], { suspendAfter: 0 });
  let answerLate = true;
  await hire((broker) =>
    withLog(broker, {
      wakeAt: async (...args) => {
        await broker.log.wakeAt(...args);
        if (!answerLate) return;
        answerLate = false;
        await new Promise<void>((resolve) => void clock.after(3_000, resolve));
      },
    }),
  );
  const handle = await clock.until(client.submit(work));
  await clock.advance(500);
  await clock.until(handle.signal(go));
  const signalled = clock.now();
  const endedAt = await clock.until(handle.result());
  expect(endedAt - signalled).toBeLessThan(21_000);
});

test("a run to which something came that says nothing, while its wake-up was set, is suspended all the same", async () => {
  const work = flow("work", (ctx) => ctx.receive(go, { timeout: "1h" }));
  const { clock, broker, client, hire, headOf } = await open([work], { suspendAfter: 0 });
  const { worker } = await hire();
  let woken = false;
  broker.inject({
    beforeWrite: ({ kind }): WriteFate => {
      if (kind !== "wake at" || woken) return "stored";
      woken = true;
      const wake = { type: "Wake", replaces: [], resume: false, queue: "work" } as const;
      broker.store("mr.test.0.in.work.work.w", inputBytes(clock, wake));
      return "stored";
    },
  });
  await clock.until(client.submit(work, undefined, { key: "w" }));
  await clock.advance(10_000);
  expect(woken).toBe(true);
  expect(headOf("work:w")?.status).toBe("suspended");
  expect(worker.stats).toEqual({ held: 0, executing: 0 });
});

test("a failed run that cleaned up with a child is resumed, and passes over that child when it does not fail again", async () => {
  let broken = true;
  const undo = flow("undo", () => "undone");
  const work = flow("work", async (ctx) => {
    try {
      return await ctx.step("try", () => {
        if (broken) throw new Error("broken");
        return "done";
      });
    } catch (error) {
      await (await ctx.submit(undo)).result();
      throw error;
    }
  });
  const { clock, client, hire } = await open([work, undo]);
  await hire();
  const handle = await clock.until(client.submit(work));
  await expect(clock.until(handle.result())).rejects.toMatchObject({ code: "RUN_FAILED" });
  broken = false;
  await clock.until(handle.resume());
  await clock.advance(5_000);
  expect((await clock.until(handle.state())).status).toBe("completed");
});

/** The same broker with some of its log's methods in another way. */
function withLog(broker: Broker, changed: Partial<Broker["log"]>): Broker {
  return through(broker, { log: through(broker.log, changed) });
}

function through<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const found: unknown = Reflect.get(own, name) ?? Reflect.get(target, name, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}
