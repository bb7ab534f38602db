/** Records of triggers and dry runs, on the in-memory broker: no worker acts on them here. */
import { describe, expect, onTestFinished, test } from "vitest";
import { declareTriggers } from "../../src/client/declare-triggers.ts";
import {
  Millrace,
  TriggerInvalidError,
  TriggerNotFoundError,
  type TriggerOptions,
  trigger,
} from "../../src/index.ts";
import { type Clock, systemClock } from "../../src/ports/clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";
import { CLOUD_EVENT_JSON, encodeCloudEvent } from "../../src/wire/cloud-event-codec.ts";

const START = Date.parse("2026-05-01T12:00:00Z");

/** A clock that stands still until it is put forward; what waits, waits as ever. */
function open() {
  let now = START;
  const clock: Clock = { ...systemClock, now: () => now };
  const millrace = new Millrace(new MemoryBroker({ clock }).connect(), clock);
  onTestFinished(() => millrace.close());
  const forward = (ms: number): void => {
    now += ms;
  };
  return { millrace, forward };
}

const options: TriggerOptions = { on: "run.crashed", action: { webhook: "ops" } };
const louder: TriggerOptions = { ...options, on: ["run.crashed", "run.failed"] };

describe("records", () => {
  test("a trigger is put, listed, shown and removed", async () => {
    const { millrace } = open();
    await millrace.triggers.put(trigger("b", options));
    await millrace.triggers.put({ name: "a", ...options });
    const views = await millrace.triggers.list();
    expect(views.map(({ name, version, from }) => [name, version, from])).toEqual([
      ["a", 1, "api"],
      ["b", 1, "api"],
    ]);
    expect(await millrace.triggers.get("b")).toMatchObject({
      spec: trigger("b", options).spec,
      paused: undefined,
      createdAt: new Date(START),
      fired: 0,
      failed: 0,
    });
    await millrace.triggers.remove("b");
    await expect(millrace.triggers.get("b")).rejects.toThrow(TriggerNotFoundError);
    await expect(millrace.triggers.remove("b")).rejects.toThrow(TriggerNotFoundError);
    expect((await millrace.triggers.list()).map(({ name }) => name)).toEqual(["a"]);
  });

  test("the same spec again is the same version, in whatever order it is written", async () => {
    const { millrace } = open();
    const put = await millrace.triggers.put({ name: "a", when: { tags: ["x"] }, ...options });
    const again = await millrace.triggers.put({ ...options, when: { tags: ["x"] }, name: "a" });
    const shown = await millrace.triggers.put(again.spec);
    expect([put.version, again.version, shown.version]).toEqual([1, 1, 1]);
    expect((await millrace.triggers.put({ name: "a", ...louder })).version).toBe(2);
  });

  test("what is wrong is refused before anything is written", async () => {
    const { millrace } = open();
    const when = { if: "run.flow = 1" };
    await expect(millrace.triggers.put({ name: "a", ...options, when })).rejects.toThrow(
      TriggerInvalidError,
    );
    expect(await millrace.triggers.list()).toEqual([]);
  });

  test("a pause survives a new version, and code that starts does not end it", async () => {
    const { millrace, forward } = open();
    await declareTriggers(millrace.host, [trigger("a", options).spec]);
    forward(1_000);
    const paused = await millrace.triggers.pause("a", "ops are on holiday");
    expect(paused.paused).toEqual({ reason: "ops are on holiday", at: new Date(START + 1_000) });
    await declareTriggers(millrace.host, [trigger("a", louder).spec]);
    expect(await millrace.triggers.get("a")).toMatchObject({ version: 2, paused: paused.paused });
    const resumed = await millrace.triggers.resume("a");
    expect([resumed.paused, resumed.version]).toEqual([undefined, 2]);
  });

  test("of two versions of the code the one that started last has its say", async () => {
    const { millrace } = open();
    const [before, after] = [[trigger("a", options).spec], [trigger("a", louder).spec]];
    await declareTriggers(millrace.host, before);
    await declareTriggers(millrace.host, after);
    await declareTriggers(millrace.host, after);
    expect(await millrace.triggers.get("a")).toMatchObject({ version: 2, from: "code" });
    // A worker of the older version restarts in the middle of a deployment.
    await declareTriggers(millrace.host, before);
    expect(await millrace.triggers.get("a")).toMatchObject({ version: 3, spec: before[0] });
  });

  test("ten that put different things at once leave one of them, whole", async () => {
    const { millrace } = open();
    const put = Array.from({ length: 10 }, (_, at) =>
      millrace.triggers.put({ name: "a", ...options, limits: { depth: at + 1 } }),
    );
    await Promise.all(put);
    const { version, spec } = await millrace.triggers.get("a");
    expect(version).toBe(10);
    expect(spec.limits?.depth).toBeGreaterThan(0);
  });
});

describe("a dry run with an event that is made up", () => {
  test("what is missing of a run event is filled in, so that it matches", async () => {
    const { millrace } = open();
    const resubmit = { on: "run.crashed", action: { resubmit: { times: 3 } } } as const;
    const tested = await millrace.triggers.test(trigger("a", resubmit), { event: {} });
    expect(tested).toMatchObject({ seen: 1, matched: 1, fired: 1 });
    expect(tested.firings[0]?.action).toEqual({
      kind: "resubmit",
      run: "sample:sample",
      times: 3,
    });
  });

  test("why it would not act is told with the place in the expression", async () => {
    const { millrace } = open();
    const big = trigger("big", {
      on: "order.created",
      when: { if: "event.data.total > 100" },
      action: { submit: "review" },
    });
    await millrace.triggers.put(big);
    const dryRun = async (data: unknown) =>
      await millrace.triggers.test("big", { event: { data } });
    expect((await dryRun({ total: 101 })).firings[0]?.action).toEqual({
      kind: "submit",
      flow: "review",
      input: { total: 101 },
    });
    expect((await dryRun({ total: 100 })).events[0]).toMatchObject({
      isMatch: false,
      failed: "when.expression",
      reason: "The expression is false",
    });
    expect((await dryRun({ sum: 7 })).events[0]?.error).toMatchObject({
      problem: "failed",
      reason: "No such key: total",
      position: 11,
    });
  });

  test("an action that gives no value says so, and nothing is written", async () => {
    const { millrace } = open();
    const action = { submit: "review", input: "event.data.missing" };
    const tested = await millrace.triggers.test(
      { name: "a", on: "order.created", action },
      { event: { data: {} } },
    );
    expect(tested.firings[0]?.error?.reason).toBe("No such key: missing");
    expect(await millrace.triggers.list()).toEqual([]);
  });

  test.each([["a text"], [7], [null], [[]], [{ type: 7 }]])("%j is no event", async (event) => {
    const { millrace } = open();
    await expect(millrace.triggers.test(trigger("a", options), { event })).rejects.toThrow(
      /Option event/,
    );
  });
});

async function emit(millrace: Millrace, type: string, data: unknown, id: string): Promise<void> {
  await millrace.broker.bus.publish({
    subject: new BusSubjects(millrace.namespace).appEvent(type),
    id,
    headers: { "Content-Type": CLOUD_EVENT_JSON },
    data: encodeCloudEvent({
      specversion: "1.0",
      id,
      source: "/shop",
      type,
      time: new Date(START).toISOString(),
      data,
    }),
  });
}

const USERS = ["a", "b", "a", "a", "b"];

describe("a dry run with what came lately", () => {
  test("each event is judged, those of other types are not looked at, and the newest are shown", async () => {
    const { millrace } = open();
    for (const total of [50, 150, 250])
      await emit(millrace, "order.created", { total }, `e${total}`);
    await emit(millrace, "order.paid", { total: 999 }, "e999");
    const big = { on: "order.created", when: { if: "event.data.total > 100" } } as const;
    const tested = await millrace.triggers.test(
      trigger("a", { ...big, action: { publish: "orders.big" } }),
      { past: { limit: 2 } },
    );
    expect(tested).toMatchObject({ seen: 3, matched: 2, fired: 2, isCut: false });
    expect(tested.events.map(({ event, isMatch }) => [event.id, isMatch])).toEqual([
      ["e150", true],
      ["e250", true],
    ]);
  });

  test("shapes are folded as they are when it runs: three in ten minutes by key", async () => {
    const { millrace, forward } = open();
    for (const [at, user] of USERS.entries()) {
      await emit(millrace, "login.failed", { user }, `e${at}`);
      forward(60_000);
    }
    const after = { by: "event.data.user", count: 3, within: "10m" } as const;
    const tested = await millrace.triggers.test(
      trigger("a", { on: "login.failed", after, action: { webhook: "ops" } }),
      { past: { since: "1h" } },
    );
    expect(tested.fired).toBe(1);
    expect(tested.firings[0]?.events).toEqual(["e0", "e2", "e3"]);
    expect(tested.events.map(({ key }) => key)).toEqual(USERS);
  });

  test("what did not come in time is found, and what is not over yet is not", async () => {
    const { millrace, forward } = open();
    await emit(millrace, "order.paid", { id: 1 }, "p1");
    await emit(millrace, "order.paid", { id: 2 }, "p2");
    await emit(millrace, "order.shipped", { id: 2 }, "s2");
    forward(3_600_000);
    await emit(millrace, "order.paid", { id: 3 }, "p3");
    const absent = { on: "order.shipped", by: "event.data.id", within: "30m" } as const;
    const tested = await millrace.triggers.test(
      trigger("a", { on: "order.paid", absent, action: { webhook: "ops" } }),
      { past: { since: "1d" } },
    );
    expect(tested.firings.map(({ events }) => events)).toEqual([["p1"]]);
    expect(tested.events.map(({ role }) => role)).toEqual(["on", "on", "other", "on"]);
  });

  test("of a subject that nobody ever kept there is nothing", async () => {
    const { millrace } = open();
    const on = { subject: "orders.*.created" } as const;
    const action = { submit: "review" };
    const tested = await millrace.triggers.test({ name: "a", on, action }, { past: {} });
    expect(tested).toMatchObject({ seen: 0, fired: 0 });
  });
});
