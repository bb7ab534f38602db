/** What others do while a run comes back from the archive is neither lost nor undone. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { restoreRun } from "../../src/archive/restore-run.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { inputBytes } from "../../src/history/put-input.ts";
import { BrokerError, flow, Millrace, type RunHandle, serve } from "../../src/index.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { systemClock } from "../../src/ports/clock.ts";
import type { RunLog } from "../../src/ports/run-log.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { encodeValue } from "../../src/wire/value-codec.ts";
import { until } from "../e2e/support/until.ts";
import { ahead, paid } from "./support/orders.ts";

/** A run that has failed after two signals and is in the archive. Mended, it asks for a third. */
async function openArchived() {
  const memory = new MemoryBroker();
  const effects = { broken: true };
  const thrice = flow("thrice", {}, async (ctx) => {
    const two = [await ctx.receive(paid), await ctx.receive(paid)];
    await ctx.step("check", () => {
      if (effects.broken) throw new Error("The van is broken");
    });
    return [...two, await ctx.receive(paid)];
  });
  const now = new Millrace(memory.connect());
  const later = new Millrace(memory.connect(), ahead);
  const log = pino({ level: "silent" });
  const worker = await serve([thrice], { connection: new Millrace(memory.connect()), log });
  onTestFinished(() => worker.drain());
  const run = await now.submit(thrice, undefined, { key: "t1" });
  await run.signal(paid, 1);
  await run.signal(paid, 2);
  await expect(run.result()).rejects.toThrow("The van is broken");
  expect(await later.archive.add(run.id)).toMatchObject({ status: "archived" });
  effects.broken = false;
  return { now, run };
}

/** Puts it back by a log of which some calls are others. */
function restoreBy(now: Millrace, run: RunHandle, calls: Partial<RunLog>): Promise<void> {
  const broker = otherwise<Broker>(now.broker, { log: otherwise(now.broker.log, calls) });
  return restoreRun({ broker, clock: systemClock, payloads: now.payloads }, parseRunId(run.id));
}

function otherwise<T extends object>(whole: T, parts: Partial<T>): T {
  return new Proxy(whole, {
    get: (target, key) => {
      if (key in parts) return Reflect.get(parts, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("a run that somebody else has put back and resumed meanwhile keeps its history (I2)", async () => {
  const { now, run } = await openArchived();
  let looks = 0;
  const head: RunLog["head"] = async (ref) => {
    if (++looks === 2) {
      await now.archive.restore(run.id);
      await run.resume();
      await until("it waits", async () => (await run.state()).status === "running");
    }
    return now.broker.log.head(ref);
  };
  await expect(restoreBy(now, run, { head })).rejects.toThrow(BrokerError);
  await run.signal(paid, 3);
  expect(await run.result()).toEqual([1, 2, 3]);
});

test("an input that comes among those that are put back is received, once", async () => {
  const { now, run } = await openArchived();
  const { log } = now.broker;
  let puts = 0;
  const put: RunLog["put"] = async (ref, queue, input) => {
    const sequence = await log.put(ref, queue, input);
    if (++puts === 1) {
      const payload = encodeValue(3, "A signal");
      await log.put(ref, queue, inputBytes(systemClock, { type: "Signal", name: "paid", payload }));
    }
    return sequence;
  };
  await restoreBy(now, run, { put });
  await run.resume();
  await until("it goes on", async () => (await run.state()).status !== "failed");
  expect(await run.result({ timeout: "60s" })).toEqual([1, 2, 3]);
});
