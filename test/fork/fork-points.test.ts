import { expect, test } from "vitest";
import { parseRunId } from "../../src/engine/run-id.ts";
import { flow, Millrace, type RunHandle, signal, task } from "../../src/index.ts";
import { decodeSubmission } from "../../src/wire/submission-codec.ts";
import { ahead } from "../archive/support/orders.ts";
import { until } from "../e2e/support/until.ts";
import { bytesOf, openShop, paid, type Shop } from "./support/shop.ts";

async function order(shop: Shop, key: string): Promise<RunHandle> {
  const run = await shop.millrace.submit("order", { cart: 4 }, { key });
  await run.signal(paid, 25);
  await run.result().catch(() => undefined);
  return run;
}

const didBy = (shop: Shop, { id }: RunHandle): readonly string[] =>
  shop.done.flatMap((line) => (line.startsWith(`${id} `) ? [line.slice(id.length + 1)] : []));

const typesOf = async (run: RunHandle): Promise<readonly string[]> =>
  (await run.details()).frames.flatMap(({ events }) => events.map(({ type }) => type));

const closed = (run: RunHandle): Promise<string> =>
  until("it has ended", async () => {
    const { closed: isClosed, status } = await run.state();
    return isClosed && status;
  });

test("an outcome that is set takes the place of the recorded one, and the point is right after it", async () => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  const fork = await shop.millrace.fork(run.id, { set: { charge: "for free" }, key: "o2" });
  expect(await fork.result()).toMatchObject({ charge: "for free", price: 25 });
  expect(didBy(shop, fork)).toEqual(["ship"]);
  const [forked] = (await fork.details()).frames.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === "Forked" ? [event] : [])),
  );
  expect(forked).toMatchObject({ origin: run.id, set: ["charge"] });
});

test("a step that never succeeded is given an outcome at its own place", async () => {
  const shop = await openShop();
  shop.broken = true;
  const run = await order(shop, "o1");
  expect((await run.state()).status).toBe("failed");
  const fork = await run.fork({ from: "ship", set: { ship: null } });
  expect(await fork.result()).toMatchObject({ price: 25 });
  expect(didBy(shop, fork)).toEqual([]);
});

test("what closed a run is not copied: a fork of all of it ends again by itself", async () => {
  const shop = await openShop();
  shop.broken = true;
  const run = await order(shop, "o1");
  const types = await typesOf(run);
  expect(types.at(-1)).toBe("Failed");
  const fork = await run.fork({ from: types.length });
  expect(await closed(fork)).toBe("failed");
  expect((await typesOf(fork)).filter((type) => type === "Failed")).toHaveLength(1);
  // The step has failed for good in the copy: it is not tried again.
  expect(didBy(shop, fork)).toEqual([]);
});

test("a run that was continued by hand is forked before and after that", async () => {
  const shop = await openShop();
  shop.broken = true;
  const run = await order(shop, "o1");
  shop.broken = false;
  await run.resume();
  await until("it has completed", async () => (await run.state()).status === "completed");
  const types = await typesOf(run);
  const failed = types.indexOf("Failed") + 1;
  const forks = await Promise.all(
    [failed, failed + 1, failed + 2, types.length].map((from) => run.fork({ from })),
  );
  expect(await Promise.all(forks.map(closed))).toEqual([
    "failed",
    "failed",
    "completed",
    "completed",
  ]);
  expect(didBy(shop, forks[2] as RunHandle)).toEqual(["ship"]);
  expect(didBy(shop, forks[3] as RunHandle)).toEqual([]);
});

test("a child that is open at the point is waited for, not submitted again, and not stopped with the fork", async () => {
  const open = signal<string>("open");
  const child = flow("child", {}, (ctx) => ctx.receive(open));
  const parent = flow("parent", {}, async (ctx) => {
    const label = await ctx.submit(child, undefined, { onParentClose: "cancel" });
    const text = ctx.step("after", () => "after");
    return [await text, label.id, await label.result()];
  });
  const shop = await openShop([child, parent]);
  const run = await shop.millrace.submit(parent, undefined, { key: "p1" });
  await until("it waits", async () => (await typesOf(run)).includes("StepCompleted"));
  const first = await run.fork({ from: "after" });
  const second = await run.fork({ from: "after" });
  const runId = (await run.details()).children[0]?.runId ?? "";
  await until("both wait", async () => {
    const types = await Promise.all([first, second].map(typesOf));
    return types.every((own) => own.filter((type) => type === "StepCompleted").length === 1);
  });
  await first.cancel();
  expect(await closed(first)).toBe("cancelled");
  expect((await shop.millrace.attach(runId).state()).closed).toBe(false);
  await shop.millrace.attach(runId).signal(open, "opened");
  expect(await run.result()).toEqual(["after", runId, "opened"]);
  expect(await second.result()).toEqual(["after", runId, "opened"]);
  const submitted = shop.broker.messages().filter(({ subject }) => subject.includes(".new.child."));
  expect(submitted).toHaveLength(1);
});

test("children after the point are the fork's own, and a signal after it is not copied", async () => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  const fork = await run.fork({ from: "label", key: "o2" });
  await until("it waits for its signal", async () => (await fork.details()).children[0]?.closed);
  expect((await fork.state()).closed).toBe(false);
  await fork.signal(paid, 7);
  const output = (await fork.result()) as { readonly label: string; readonly price: number };
  expect(output.price).toBe(7);
  expect(output.label).not.toBe(((await run.result()) as typeof output).label);
  expect(shop.done.filter((line) => line.startsWith("label"))).toHaveLength(2);
});

test("a fork of a fork keeps what came of chance in each part, and its origin is the fork", async () => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  const one = await run.fork({ from: "charge" });
  const first = (await one.result()) as Record<string, unknown>;
  const two = await one.fork({ from: "ship" });
  const second = (await two.result()) as Record<string, unknown>;
  expect(second).toEqual(first);
  expect((await two.details()).origin).toMatchObject({ runId: one.id });
  expect(didBy(shop, two)).toEqual(["ship"]);
});

test("a run in the archive is forked from its file, and stays there; its fork goes there too, and comes back", async () => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  const { archive } = new Millrace(shop.broker.connect(), ahead);
  await archive.add(run.id);
  const before = bytesOf(shop, "o1");
  const fork = await run.fork({ from: "charge" });
  const output = await fork.result();
  expect(output).toMatchObject({ weigh: 40, price: 25 });
  expect(didBy(shop, fork)).toEqual(["charge", "ship"]);
  expect(bytesOf(shop, "o1")).toEqual(before);
  await archive.add(fork.id);
  expect((await fork.details()).origin).toMatchObject({ runId: run.id });
  expect(await (await fork.fork({ from: "ship" })).result()).toEqual(output);
  await archive.restore(fork.id);
  expect(await fork.result()).toEqual(output);
  expect(await (await fork.fork({ from: "ship" })).result()).toEqual(output);
});

test("a changed input is played against the copied history, and parks the fork where it does not fit", async () => {
  const pick = flow("pick", {}, async (ctx, way: string) => {
    await ctx.step(way, () => way);
    return ctx.step("end", () => way);
  });
  const shop = await openShop([pick]);
  const run = await shop.millrace.submit(pick, "left");
  await run.result();
  const again = await run.fork({ input: "right" });
  expect(await again.result()).toBe("right");
  const parked = await run.fork({ input: "right", from: "end" });
  await until("it is parked", async () => (await parked.state()).status === "parked");
});

test("by the same key the same fork is there once, and another one is refused", async () => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  const fork = await run.fork({ from: "charge", key: "o2" });
  const same = await run.fork({ from: "charge", key: "o2" });
  expect([fork.isNew, same.isNew, same.id]).toEqual([true, false, fork.id]);
  const refused = { code: "RUN_EXISTS" };
  await expect(run.fork({ from: "ship", key: "o2" })).rejects.toMatchObject(refused);
  await expect(run.rerun({ key: "o1" })).rejects.toMatchObject(refused);
  const options = { from: "charge", key: "o2", ifExists: "reject" } as const;
  await expect(run.fork(options)).rejects.toMatchObject(refused);
  await fork.result();
  expect(didBy(shop, fork)).toEqual(["charge", "ship"]);
});

test("where it goes and how it is found is as the origin was submitted, but for its deadline and parent", async () => {
  const inner = task("inner", {}, async () => "done");
  const outer = flow("outer", {}, async (ctx) => {
    const child = await ctx.submit(inner, undefined, { tags: ["of:outer"], deadline: "1h" });
    return [child.id, await child.result()];
  });
  const shop = await openShop([inner, outer]);
  const run = await shop.millrace.submit(outer, undefined, { priority: "high" });
  const [child = ""] = await run.result();
  const fork = await shop.millrace.attach(child).fork({ from: "inner", metadata: { by: "ann" } });
  expect(await fork.result()).toBe("done");
  const details = await fork.details();
  expect(details).toMatchObject({ tags: ["of:outer"], metadata: { by: "ann" } });
  expect([details.parent, details.deadlineAt]).toEqual([undefined, undefined]);
  const again = await run.rerun({ key: "again" });
  await again.result();
  const [subject] = shop.broker
    .messages()
    .flatMap((one) => (one.subject.endsWith(".again") ? [one.subject] : []));
  expect(subject).toContain(".outer--high.");
});

test("a worker that does not know forks would set the submission aside", async () => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  const fork = await run.fork({ from: "charge", key: "o2" });
  const { token } = parseRunId(fork.id);
  const [stored] = shop.broker
    .messages()
    .filter(({ subject }) => subject.includes(".new.") && subject.endsWith(`.${token}`));
  const data = stored?.data ?? new Uint8Array();
  // The format is the first field.
  expect(Buffer.from(data).subarray(0, 2).toString("hex")).toBe("0802");
  expect(decodeSubmission(data)).toMatchObject({ value: { origin: { runId: run.id } } });
});

test("a dry run says what a fork would begin with, and makes nothing", async () => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  const before = shop.broker.messages().length;
  const plan = await shop.millrace.fork(run.id, { from: "charge", key: "o2", dryRun: true });
  expect(plan).toMatchObject({
    origin: run.id,
    id: "order:o2",
    keeps: ["weigh#1"],
    drops: ["charge#1", "ship#1"],
    attaches: [],
    signals: { copied: 1, left: 0 },
  });
  expect(shop.broker.messages()).toHaveLength(before);
});

test.each([
  [{ from: "bake" }, "EVENT_NOT_FOUND"],
  [{ from: 999 }, "EVENT_NOT_FOUND"],
  [{ set: { bake: 1 } }, "INVALID_OPTION"],
  [{ set: { ship: 1 }, from: "charge" }, "INVALID_OPTION"],
  [{ set: { ship: 1 }, from: 0 }, "INVALID_OPTION"],
])("%j is refused as %s", async (options, code) => {
  const shop = await openShop();
  const run = await order(shop, "o1");
  await expect(run.fork(options)).rejects.toMatchObject({ code });
  await expect(shop.millrace.fork("order:none")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
});
