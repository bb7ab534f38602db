/** What applications tell: once per step, whatever becomes of the worker. */
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { CAUSE_DEPTH, CAUSE_TRIGGER } from "../../src/engine/cloud-event.ts";
import { flow, Millrace, serve } from "../../src/index.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";
import { Stage } from "./support/stage.ts";
import { toldEvents } from "./support/told-events.ts";

const inner = flow("inner", async (ctx) => ctx.emit("part.done"));
const order = flow("order", async (ctx, id: number) => {
  await ctx.emit("order.taken", { id });
  await ctx.sleep("50ms");
  await ctx.run(inner);
  await ctx.emit("order.taken", { id }, { subject: `order-${id}` });
});
const parent = flow("parent", async (ctx) => (await ctx.submit(order, 7, { key: "c" })).result());
const wrong = flow("wrong", async (ctx, kind: string) => {
  const asked = {
    reserved: () => ctx.emit("millrace.run.failed"),
    pattern: () => ctx.emit("order.*"),
    date: () => ctx.emit("order", { at: new Date(0) }),
    large: () => ctx.emit("order", "x".repeat(2_000_000)),
  }[kind];
  await asked?.();
});

onEveryAdapter("an event of a flow", (open) => {
  async function stage() {
    const { connect } = open();
    const worker = await serve([order, parent, inner, wrong], {
      connection: new Millrace(await connect()),
      automation: false,
      suspendAfter: "1ms",
      log: pino({ level: "silent" }),
    });
    onTestFinished(() => worker.drain());
    const broker = await connect();
    return { broker, client: new Millrace(broker) };
  }

  test("is published by a step, with the step's id, and not again when the run is replayed", async () => {
    const { broker, client } = await stage();
    await (await client.submit(order, 7, { key: "käse 1" })).result();
    const events = await toldEvents(broker);
    const source = `/millrace/${client.namespace}/runs/order:k%C3%A4se%201`;
    expect(events).toMatchObject([
      { type: "order.taken", source, subject: "order:käse 1", data: { id: 7 } },
      { type: "part.done", source, data: null },
      { type: "order.taken", source, subject: "order-7", data: { id: 7 } },
    ]);
    expect(events.map(({ id }) => id)).toEqual([
      "order:käse 1/emit:order.taken#1",
      "order:käse 1/inner#1/emit:part.done#1",
      "order:käse 1/emit:order.taken#2",
    ]);
    expect(events.some((event) => "millracedepth" in event)).toBe(false);
  });

  test("carries the depth that its run inherited from the firing that led to its parent", async () => {
    const { broker, client } = await stage();
    const metadata = { [CAUSE_DEPTH]: "2", [CAUSE_TRIGGER]: "alarm", other: "x" };
    await (await client.submit(parent, undefined, { metadata })).result();
    const [event] = await toldEvents(broker);
    expect(event).toMatchObject({ type: "order.taken", millracedepth: 2 });
    const child = await client.attach("order:c").details();
    expect(child.metadata).toEqual({ [CAUSE_DEPTH]: "2", [CAUSE_TRIGGER]: "alarm" });
  });

  test.each([
    ["of Millrace's own type", "reserved", "INVALID_NAME"],
    ["of a type that is a pattern", "pattern", "INVALID_NAME"],
    ["with data that JSON cannot say", "date", "NOT_SERIALIZABLE"],
    ["larger than a message", "large", "PAYLOAD_TOO_LARGE"],
  ])("%s is refused", async (_, kind, code) => {
    const { broker, client } = await stage();
    const run = await client.submit(wrong, kind);
    await expect(run.result()).rejects.toMatchObject({ cause: { code } });
    expect(await toldEvents(broker)).toEqual([]);
  });

  test("of a client is refused in the same words", async () => {
    const { client } = await stage();
    await expect(client.emit("millrace.x")).rejects.toMatchObject({ code: "INVALID_NAME" });
    await expect(client.emit("x", () => 1)).rejects.toMatchObject({ code: "NOT_SERIALIZABLE" });
    await expect(client.emit("x", 1, { id: "" })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    const time = Number.NaN;
    await expect(client.emit("x", 1, { time })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    const large = client.emit("x", "x".repeat(2_000_000));
    await expect(large).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await eventually(async () => expect(await client.emit("x")).toMatchObject({ isNew: true }));
  });
});

describe("an event of a flow whose worker died when it was published", () => {
  test.each([1, 600_000])("stands there once, taken up %d ms later", async (awayMs) => {
    const stage = new Stage();
    const told = flow("told", async (ctx) => {
      await ctx.step("before", () => undefined);
      await ctx.sleep(50);
      await ctx.emit("order.taken");
    });
    const first = await stage.hire(() => [told]);
    stage.broker.inject({
      afterWrite: ({ process, kind }) => {
        if (kind === "publish" && process === first.connection) first.connection.crash();
      },
    });
    const id = await stage.submit("told");
    await stage.clock.untilTrue(() => first.connection.state === "crashed");
    await stage.clock.advance(awayMs);
    stage.broker.lapseLeases();
    await stage.hire(() => [told]);
    await stage.until(id, "completed", 3_600_000);
    const events = await stage.clock.until(toldEvents(stage.outside));
    expect(events.map((event) => event.id)).toEqual(["told:k/emit:order.taken#1"]);
  });
});
