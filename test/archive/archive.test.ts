/** A closed run in the archive reads as before, and comes back as it was. On both brokers. */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { RunDetails } from "../../src/client/run-details.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { inputBytes } from "../../src/history/put-input.ts";
import { putWake } from "../../src/history/put-wake.ts";
import {
  type RecordedEvent,
  RunArchivedError,
  RunClosedError,
  RunExistsError,
  type RunHandle,
  RunNotArchivedError,
  RunNotFoundError,
} from "../../src/index.ts";
import { onEveryAdapter } from "../contract/support/on-every-adapter.ts";
import { until } from "../e2e/support/until.ts";
import { ahead, type Effects, openShop, paid, type Shop } from "./support/orders.ts";

async function order(shop: Shop, key: string): Promise<RunHandle> {
  const run = await shop.now.submit("order", { cart: 4 }, { key, tags: ["job:1"] });
  await run.signal(paid, 12);
  await run.result().catch(() => undefined);
  return run;
}

/** What is shown of a run, in the log or in the archive. */
async function shown(run: RunHandle): Promise<object> {
  const { archived: _, frames, ...details } = await run.details();
  const { sequence: __, archived: ___, ...state } = await run.state();
  const events = await collect(run.events());
  const followed = await collect(run.events({ follow: true }));
  return { details, frames, state, events, followed, children: await childIds(run) };
}

async function collect(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function childIds(run: RunHandle): Promise<readonly string[]> {
  return (await run.children()).map(({ id }) => id);
}

/** Steps, timers and outcome without what a new activation adds. */
function past({ steps, timers, input, tags, exposed, takeOvers }: RunDetails): object {
  return { steps: steps.slice(0, 1), timers, input, tags, exposed, takeOvers };
}

onEveryAdapter("the archive", (open) => {
  test("a run in it reads as before, to the last event, and nothing but its end is left in the log", async () => {
    const effects: Effects = { done: [], broken: false };
    const shop = await openShop(open(), effects);
    const run = await order(shop, "o1");
    const before = await shown(run);
    const { log } = shop.broker;

    expect(await shop.later.archive.add(run.id)).toMatchObject({ status: "archived" });

    const again = shop.now.attach(run.id);
    expect(await shown(again)).toEqual(before);
    expect(await again.result()).toMatchObject({ price: 12, text: "label of 7 cm" });
    expect((await again.state()).archived?.file.store).toBe(shop.broker.blobs.name);
    expect((await again.details()).archived?.file.size).toBeGreaterThan(100);
    const ref = parseRunId(run.id);
    expect(await log.history(ref, Number.MAX_SAFE_INTEGER)).toHaveLength(1);
    expect(await log.inbox(ref, "order", 0)).toEqual([]);
    expect(Buffer.from((await log.submission(ref))?.data ?? [])).not.toContain("cart");
    // Watching it, and waiting from the middle of it on, comes to an end too.
    const views = [];
    for await (const view of again.watch()) views.push(view.status);
    expect(views).toEqual(["completed"]);
    const { frames } = await again.details();
    const from = frames[0]?.sequence ?? 0;
    const rest = await collect(again.events({ from, follow: true }));
    expect(rest).toEqual(await collect(again.events({ from })));
    expect(rest.length).toBeLessThan((await collect(again.events())).length);
    // It was told to nobody again, and no worker began anything.
    expect(effects.done).toEqual([`weigh ${run.id}`, `ship ${run.id}`]);
    expect(await shop.later.archive.add(run.id)).toMatchObject({ status: "was archived" });
  });

  test("its key stays used, and it takes nothing any more (I1)", async () => {
    const effects: Effects = { done: [], broken: false };
    const shop = await openShop(open(), effects);
    const run = await order(shop, "o1");
    const value = await run.result();
    await shop.later.archive.add(run.id);

    const same = await shop.now.submit("order", { cart: 9 }, { key: "o1" });
    expect(await same.result()).toEqual(value);
    const rejecting = shop.now.submit("order", { cart: 9 }, { key: "o1", ifExists: "reject" });
    await expect(rejecting).rejects.toThrow(RunExistsError);
    await expect(run.signal(paid, 1)).rejects.toThrow(RunClosedError);
    await expect(run.cancel()).rejects.toThrow(RunClosedError);
    await expect(run.terminate()).rejects.toThrow(RunClosedError);
    // Somebody else's flow that waits for it is told.
    const other = await shop.now.submit("waiting", run.id, { key: "w1" });
    expect(await other.result()).toEqual(value);
    expect(effects.done).toEqual([`weigh ${run.id}`, `ship ${run.id}`]);
  });

  test("leaves alone what is open, what has just ended, and what it does not know", async () => {
    const effects: Effects = { done: [], broken: false };
    const shop = await openShop(open(), effects);
    const run = await shop.now.submit("order", { cart: 4 }, { key: "o1" });
    await until("it waits", async () => (await run.state()).progress !== undefined);
    expect(await shop.later.archive.add(run.id)).toMatchObject({ reason: "open" });
    expect(await shop.later.archive.add("order:none")).toMatchObject({ reason: "open" });
    await run.signal(paid, 12);
    await run.result();
    expect(await shop.now.archive.add(run.id)).toMatchObject({ reason: "recent" });
    const older = { olderThan: "2d" } as const;
    expect(await shop.later.archive.add(run.id, older)).toMatchObject({ reason: "recent" });
    await expect(shop.now.archive.get(run.id)).rejects.toThrow(RunNotArchivedError);
    await expect(shop.now.archive.restore(run.id)).rejects.toThrow(RunNotArchivedError);
    await expect(shop.now.archive.restore("order:none")).rejects.toThrow(RunNotFoundError);
  });

  test("gives a failed run back: what it had done is not done again, and it ends well (I3)", async () => {
    const effects: Effects = { done: [], broken: true };
    const world = open();
    const shop = await openShop(world, effects);
    const run = await order(shop, "o1");
    await expect(run.result()).rejects.toThrow("The van is broken");
    const before = await run.details();
    expect(await shop.later.archive.add(run.id)).toMatchObject({ status: "archived" });
    await expect(run.resume()).rejects.toThrow(RunArchivedError);
    expect(await shop.now.resumeWhere({ flow: "order", status: "failed" })).toBe(0);

    await shop.now.archive.restore(run.id);
    await expect(shop.now.archive.restore(run.id)).rejects.toThrow(RunNotArchivedError);
    const restored = await run.details();
    expect(restored.archived).toBeUndefined();
    expect(past(restored)).toEqual(past(before));
    await expect(run.result()).rejects.toThrow("The van is broken");
    // It ended long ago, and is kept all the same: it was put back just now.
    expect(await shop.now.archive.add(run.id)).toMatchObject({ reason: "recent" });

    effects.broken = false;
    await run.resume();
    expect(await until("it has completed", () => completed(run))).toMatchObject({
      price: 12,
      text: "label of 7 cm",
      last: "shipped",
    });
    expect(effects.done.filter((effect) => effect.startsWith("weigh"))).toHaveLength(1);
    // And goes to the archive a second time, as a whole.
    const whole = await shown(run);
    expect(await shop.later.archive.add(run.id)).toMatchObject({ status: "archived" });
    expect(await shown(run)).toEqual(whole);
  });

  test("its file is read with gunzip and JSON alone", async () => {
    const shop = await openShop(open(), { done: [], broken: false });
    const run = await order(shop, "o/1 ü");
    const { frames } = await run.details();
    await shop.later.archive.add(run.id);

    const text = gunzipSync(await shop.now.archive.get(run.id)).toString();
    const lines = text.trimEnd().split("\n");
    const [header, ...rest] = lines.map((line) => JSON.parse(line));
    const end = rest.pop();
    expect(header).toMatchObject({
      format: "millrace-run/1",
      namespace: shop.broker.log.namespace,
      run: "order:o/1 ü",
      queue: "order",
      status: "completed",
    });
    const beforeEnd = text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1);
    expect(end.sha256).toBe(createHash("sha256").update(beforeEnd).digest("hex"));
    expect(end.messages).toBe(rest.length);
    const read = (kind: string) => rest.filter((line) => line.kind === kind);
    expect(read("new")[0].reads.input).toEqual({ encoding: "json", text: '{"cart":4}' });
    expect(read("in").map(({ reads }) => reads.body.type)).toContain("Signal");
    expect(read("h").map(({ sequence }) => sequence)).toEqual(frames.map((one) => one.sequence));
    const events = read("h").flatMap(({ reads }) => reads.events);
    expect(events.map(({ type }) => type)).toEqual(
      frames.flatMap((frame) => frame.events.map(({ type }) => type)),
    );
    const weighed = events.find(({ type }) => type === "StepCompleted");
    expect(JSON.parse(weighed.output.text)).toMatchObject({ grams: 40 });
  });

  test("lists, verifies and archives all closed runs of a flow, and none of another", async () => {
    const shop = await openShop(open(), { done: [], broken: false });
    for (const key of ["a", "b", "c"]) await order(shop, key);
    const young = await shop.later.archive.addAll({ flow: "order", olderThan: "2d" }).toArray();
    expect(young.map(({ status }) => status)).toEqual(["skipped", "skipped", "skipped"]);
    const all = await shop.later.archive.addAll({ flow: "order", olderThan: "1h" }).toArray();
    expect(all.map(({ status }) => status)).toEqual(["archived", "archived", "archived"]);
    const listed: string[] = [];
    for await (const { id } of shop.now.archive.list({ flow: "order" })) listed.push(id);
    expect(listed.toSorted()).toEqual(["order:a", "order:b", "order:c"]);
    expect(await shop.now.archive.verify("order:b")).toMatchObject({ id: "order:b" });
    for await (const { id } of shop.now.archive.list({ flow: "label" })) expect(id).toBe("none");
  });

  test("a resume that crosses the archiving becomes a dead letter, and the run is not begun anew", async () => {
    const effects: Effects = { done: [], broken: true };
    const shop = await openShop(open(), effects);
    const run = await order(shop, "o1");
    await shop.later.archive.add(run.id);
    const resume = { replaces: [], resume: true, queue: "order" };
    await putWake({ broker: shop.broker, clock: ahead }, parseRunId(run.id), "order", resume);
    await until("it is set aside", async () => (await shop.broker.log.deadLetters(9)).length === 1);
    expect((await run.state()).status).toBe("failed");
    expect(effects.done).toEqual([`weigh ${run.id}`, `ship ${run.id}`]);
    // Put back it waits for a new request: the old one was answered.
    await shop.now.archive.restore(run.id);
    expect((await run.state()).status).toBe("failed");

    // One that is there before the history is taken away keeps the run where it is.
    const other = await order(shop, "o2");
    const { log } = shop.broker;
    const history = log.history.bind(log);
    log.history = async (...args) => {
      log.history = history;
      await putWake(
        { broker: shop.broker, clock: ahead },
        parseRunId(other.id),
        "elsewhere",
        resume,
      );
      await log.put(parseRunId(other.id), "order", inputBytes(ahead, { type: "Wake", ...resume }));
      return history(...args);
    };
    expect(await shop.later.archive.add(other.id)).toMatchObject({ status: "skipped" });
    await until("it goes on", async () => (await other.state()).epoch === 2);
  });

  test("keeps policies by flow and one for all others", async () => {
    const { now } = await openShop(open(), { done: [], broken: false });
    expect(await now.archive.policies()).toEqual({ default: { afterMs: undefined }, flows: {} });
    await now.archive.setPolicy({ flow: "order", after: "30d" });
    await now.archive.setPolicy({ after: "1w" });
    await now.archive.setPolicy({ flow: "label", after: "never" });
    expect(await now.archive.policies()).toEqual({
      default: { afterMs: 604_800_000 },
      flows: { label: { afterMs: undefined }, order: { afterMs: 2_592_000_000 } },
    });
    await expect(now.archive.setPolicy({ after: 0 })).rejects.toThrow("after");
  });
});

async function completed(run: RunHandle): Promise<unknown> {
  return (await run.state()).status === "completed" ? run.result() : undefined;
}
