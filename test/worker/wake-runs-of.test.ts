import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { isActive } from "../../src/engine/frame.ts";
import type { HeldToken } from "../../src/engine/peer-watch/held-list.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { readHead } from "../../src/history/run-head.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { serve } from "../../src/serve.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../src/testing/memory-connection.ts";
import { wakeRunsOf } from "../../src/worker/wake-runs-of.ts";

const log = pino({ level: "silent" });
const waits = flow("waits", async (ctx) => {
  await ctx.step("first", () => 1);
  await ctx.sleep("1h");
});

test("only runs that a worker still holds are woken, each once, and none while it answers for them", async () => {
  const { holder, worker, host, ids, tokens } = await field();
  const gone = { worker, held: tokens };
  const counts = (): Promise<readonly number[]> =>
    Promise.all(
      ids.map(async (id) => (await host.broker.log.inbox(parseRunId(id), "waits", 0)).length),
    );
  const none = ids.map(() => 0);

  await wakeRunsOf(host, gone);
  expect(await counts(), "it lives").toEqual(none);
  holder.crash();
  await wakeRunsOf(host, { ...gone, worker: "somebody-1-else" });
  expect(await counts(), "another worker held them").toEqual(none);
  const wrong = tokens.map(({ partition, sequence }) => ({ partition, sequence: sequence + 999 }));
  await wakeRunsOf(host, { ...gone, held: [...wrong, { partition: 77, sequence: 1 }] });
  expect(await counts(), "there are no such tokens").toEqual(none);
  await wakeRunsOf(host, gone);
  expect(await counts()).toEqual(ids.map(() => 1));
});

test("what was woken goes on at the next worker, as after a crash, although the lease is long", async () => {
  const { holder, worker, host, ids, tokens, millrace } = await field();
  holder.crash();
  const other = await serve([waits], { connection: millrace, log });
  onTestFinished(() => other.drain());
  await wakeRunsOf(host, { worker, held: tokens });
  await expect.poll(() => other.stats.held, { timeout: 60_000 }).toBe(ids.length);
  for (const id of ids) {
    const { frame } = await readHead(host.broker.log, parseRunId(id));
    expect(frame).toMatchObject({ epoch: 2, writer: other.id });
  }
});

/** A worker that holds five runs in three partitions, with a long lease, and another process that looks on. */
async function field() {
  const broker = new MemoryBroker({ partitions: 3 });
  const holder: MemoryConnection = broker.connect();
  const millrace = new Millrace(broker.connect());
  const options = { connection: new Millrace(holder), lease: "10m", log } as const;
  const worker = await serve([waits], options);
  const runs = await Promise.all([1, 2, 3, 4, 5].map(() => millrace.submit(waits)));
  const ids = runs.map(({ id }) => id);
  const host = { broker: millrace.broker, clock: systemClock, log };
  const tokens: HeldToken[] = [];
  for (const id of ids) {
    const run = parseRunId(id);
    await expect
      .poll(async () => (await readHead(host.broker.log, run)).frame?.status, { timeout: 60_000 })
      .toSatisfy(isActive);
    const head = await host.broker.log.head(run);
    const { frame } = await readHead(host.broker.log, run);
    tokens.push({ partition: head?.partition ?? 0, sequence: frame?.token ?? 0 });
  }
  return { holder, worker: worker.id, host, ids, tokens, millrace };
}
