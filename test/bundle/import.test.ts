/** A bundle is put into another namespace to be looked at: it shows the same there, and nothing of it is done. On both brokers. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { parseRunId } from "../../src/engine/run-id.ts";
import { putWake } from "../../src/history/put-wake.ts";
import { tellIfClosed } from "../../src/history/tell-closed.ts";
import {
  flow,
  Millrace,
  type RunDetails,
  RunExistsError,
  type RunHandle,
  RunImportedError,
  serve,
  signal,
} from "../../src/index.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { openShop, orders, paid } from "../archive/support/orders.ts";
import type { World } from "../contract/support/adapters.ts";
import { eventually, onEveryAdapter } from "../contract/support/on-every-adapter.ts";

const go = signal<string>("go");
const LARGE = "x".repeat(300_000);

/** What is shown of a run, without where its messages stand. */
async function shown(run: RunHandle): Promise<object> {
  const {
    frames,
    foreign: _,
    sequence: __,
    lastEvent: ___,
    inputBlob: ____,
    ...details
  } = (await run.details()) as RunDetails & { readonly lastEvent?: unknown };
  const events = frames.flatMap((frame) => frame.events);
  const told = events.map(({ type, at }) => ({ type, at }));
  const steps = details.steps.map(({ outputBlob: _blob, ...step }) => step);
  return { ...details, outputBlob: undefined, steps, told };
}

async function open(world: World): Promise<Millrace> {
  return new Millrace(await world.connect());
}

onEveryAdapter("an imported run", (openWorld) => {
  test("is shown as where it was recorded, and is not done again", async () => {
    const shop = await openShop(openWorld(), { done: [], broken: false });
    const run = await shop.now.submit("order", { cart: 4 }, { key: "o1", tags: ["job:1"] });
    await run.signal(paid, 12);
    await run.result();
    const bytes = await shop.now.export(run.id);
    await shop.later.archive.add(run.id);
    expect(await shop.now.export(run.id)).toEqual(bytes);

    const elsewhere = openWorld();
    const done: string[] = [];
    const connection = await open(elsewhere);
    const worker = await serve(orders({ done, broken: false }), {
      connection,
      log: pino({ level: "silent" }),
    });
    onTestFinished(() => worker.drain());
    const there = await open(elsewhere);
    const imported = await there.import(bytes);
    expect(imported).toEqual({
      id: run.id,
      status: "completed",
      recorded: "completed",
      isNew: true,
    });
    const copy = there.attach(run.id);
    expect({ ...(await shown(copy)), archived: undefined }).toEqual({
      ...(await shown(shop.now.attach(run.id))),
      archived: undefined,
    });
    expect(await copy.result()).toEqual(await run.result());
    expect((await there.import(bytes)).isNew).toBe(false);
    await expect(copy.resume()).rejects.toMatchObject({ code: "RUN_NOT_RESUMABLE" });

    // What comes for it meanwhile changes nothing; a run that is submitted after it is done.
    const parts = { broker: there.broker, clock: systemClock };
    await putWake(parts, parseRunId(run.id), "order", {
      replaces: [],
      resume: true,
      queue: "order",
    });
    const other = await there.submit("order", { cart: 1 }, { key: "o2" });
    await other.signal(paid, 1);
    await other.result();
    expect(done).toEqual([`weigh ${other.id}`, `ship ${other.id}`]);
    expect((await copy.state()).status).toBe("completed");
    expect(await there.export(other.id)).not.toEqual(bytes);
  });

  test("is parked if it was open, and goes on as a fork only", async () => {
    const effects: string[] = [];
    const waits = flow("waits", async (ctx, input: string) => {
      const first = await ctx.step("first", () => {
        effects.push(ctx.runId);
        return input + LARGE;
      });
      return `${first.length} ${await ctx.receive(go)}`;
    });
    const work = async (world: World): Promise<Millrace> => {
      const connection = await open(world);
      const options = { connection, log: pino({ level: "silent" }), suspendAfter: 0 } as const;
      const worker = await serve([waits], options);
      onTestFinished(() => worker.drain());
      return open(world);
    };
    const here = await work(openWorld());
    const run = await here.submit(waits, "in", { key: "w1" });
    await eventually(async () => expect((await run.state()).status).toBe("suspended"));
    const bytes = await here.export(run.id, { blobs: true });

    const there = await work(openWorld());
    expect(await there.import(bytes)).toMatchObject({ status: "parked", recorded: "suspended" });
    const copy = there.attach(run.id);
    const details = await copy.details();
    expect(details.parked).toMatchObject({
      reason: "imported",
      expected: `namespace ${here.namespace}`,
    });
    expect(details.steps).toMatchObject([{ id: "first#1", status: "completed" }]);
    expect((await copy.explain()).reason).toBe("parked-imported");
    await expect(copy.resume()).rejects.toBeInstanceOf(RunImportedError);
    expect(await there.resumeWhere({ flow: "waits", status: "parked" })).toBe(1);
    await copy.signal(go, "on");

    const fork = await copy.fork({ from: "first" });
    await fork.signal(go, "on");
    expect(await fork.result()).toBe("300002 on");
    expect(effects).toEqual([run.id, fork.id]);
    expect((await copy.state()).status).toBe("parked");
    await copy.cancel();
    expect((await copy.state()).status).toBe("cancelled");
    expect((await run.state()).status).toBe("suspended");
  });

  test("takes no id that is another run's, and is completed when its import was broken off", async () => {
    const here = await open(openWorld());
    const run = await here.submit("nobody", { a: 1 }, { key: "n1" });
    const bytes = await here.export(run.id);
    const world = openWorld();
    const there = await open(world);
    await there.submit("nobody", { b: 2 }, { key: "n1" });
    await expect(there.import(bytes)).rejects.toBeInstanceOf(RunExistsError);
    await expect(here.import(bytes)).rejects.toBeInstanceOf(RunExistsError);

    const third = await open(openWorld());
    const { log } = third.broker;
    const append = log.append.bind(log);
    log.append = async () => ({ status: "unknown", cause: new Error("cut off") });
    await expect(third.import(bytes)).rejects.toMatchObject({ code: "BROKER_ERROR" });
    log.append = append;
    const copy = third.attach(run.id);
    expect((await copy.state()).status).toBe("pending");
    expect(await third.import(bytes)).toMatchObject({ status: "parked", recorded: "pending" });
    expect((await copy.details()).input).toEqual({ a: 1 });
  });

  test("tells nobody here of its end, and stops no run that has the id of one of its children", async () => {
    const child = { runId: "child:c1" };
    const family = flow("family", async (ctx) => {
      const { id } = await ctx.submit("child", 1, { key: "c1" });
      child.runId = id;
      await ctx.receive(go);
    });
    const connection = await open(openWorld());
    const worker = await serve([family], { connection, log: pino({ level: "silent" }) });
    onTestFinished(() => worker.drain());
    const run = await connection.submit(family, undefined, { key: "p1" });
    await eventually(async () => expect(await run.children()).toHaveLength(1));
    await run.cancel("not wanted");
    await expect(run.result()).rejects.toMatchObject({ code: "RUN_CANCELLED" });
    const family1 = await connection.export(run.id);
    const child1 = await connection.export(child.runId);

    const there = await open(openWorld());
    const { log } = there.broker;
    // Runs of the same ids that have nothing to do with these: the parent of one, the child of the other.
    await there.submit("child", 2, { key: "c1" });
    await there.import(family1);
    await tellIfClosed({ broker: there.broker, clock: systemClock }, parseRunId(run.id));
    expect(await log.inbox(parseRunId(child.runId), "child", 0)).toEqual([]);

    const other = await open(openWorld());
    await other.submit("family", 2, { key: "p1" });
    await other.import(child1);
    await other
      .attach(child.runId)
      .cancel()
      .catch(() => undefined);
    await tellIfClosed({ broker: other.broker, clock: systemClock }, parseRunId(child.runId));
    expect(await other.broker.log.inbox(parseRunId(run.id), "family", 0)).toEqual([]);
  });
});
