import { expect, test } from "vitest";
import { flow } from "../../../src/definition/flow.ts";
import { trigger } from "../../../src/definition/trigger.ts";
import { eventually, onEveryAdapter } from "../../contract/support/on-every-adapter.ts";
import { TriggerBed } from "../support/trigger-bed.ts";

const handle = flow("handle", (_ctx, input: unknown) => input);

// What is to come in time comes at once, and three seconds are longer than a machine stands still.
onEveryAdapter("a trigger that remembers events", (open) => {
  test("gathers a batch of events of one key, and what is left when its time is over", async () => {
    const bed = await TriggerBed.open(open());
    const gather = trigger("gather", {
      on: "reading",
      batch: { by: "event.data.sensor", size: 3, within: "3s" },
      action: { submit: handle, input: "events.map(e, e.data.value)" },
    });
    await bed.serve([handle, gather]);
    for (const value of [1, 2, 3, 4]) await bed.millrace.emit("reading", { sensor: "a", value });
    await bed.millrace.emit("reading", { sensor: "b", value: 9 });
    await eventually(async () =>
      expect(await bed.outputs("handle")).toEqual([[1, 2, 3], [4], [9]]),
    );
  });

  test("fires when an expected event does not come, and not when it does", async () => {
    const bed = await TriggerBed.open(open());
    const unpaid = trigger("unpaid", {
      on: "order.created",
      absent: { by: "event.data.id", on: "order.paid", within: "3s" },
      action: { submit: handle, input: "event.data.id" },
    });
    await bed.serve([handle, unpaid]);
    for (const id of ["one", "two", "three"]) await bed.millrace.emit("order.created", { id });
    await bed.millrace.emit("order.paid", { id: "two" });
    await eventually(async () => expect(await bed.outputs("handle")).toEqual(["one", "three"]));
  });

  test("pairs two events of one key, whichever comes first", async () => {
    const bed = await TriggerBed.open(open());
    const shipped = trigger("ready", {
      on: "order.paid",
      with: { by: "event.data.id", on: "order.packed", within: "1m" },
      action: { submit: handle, input: "[events[0].type, event.data.id]" },
    });
    await bed.serve([handle, shipped]);
    await bed.millrace.emit("order.paid", { id: "one" });
    await bed.millrace.emit("order.packed", { id: "two" });
    await bed.millrace.emit("order.packed", { id: "one" });
    await bed.millrace.emit("order.paid", { id: "two" });
    await eventually(async () =>
      expect(await bed.outputs("handle")).toEqual([
        ["order.paid", "one"],
        ["order.paid", "two"],
      ]),
    );
  });

  test("fires with the last event of a burst only", async () => {
    const bed = await TriggerBed.open(open());
    const saved = trigger("saved", {
      on: "saved",
      debounce: { quiet: "3s" },
      action: { submit: handle },
    });
    await bed.serve([handle, saved]);
    for (let version = 1; version <= 5; version++) await bed.millrace.emit("saved", { version });
    await eventually(async () => expect(await bed.outputs("handle")).toEqual([{ version: 5 }]));
  });

  test("fires for a run that stays in a state for too long, and for none that left it", async () => {
    const bed = await TriggerBed.open(open());
    const waiting = flow("waiting", (ctx, wait: number) => ctx.sleep(wait));
    const late = trigger("late", {
      on: { run: "suspended", longerThan: "3s" },
      when: { flow: waiting },
      action: { submit: handle, input: "run.run" },
    });
    await bed.serve([handle, waiting, late]);
    await bed.millrace.submit(waiting, 3_600_000, { key: "long" });
    const short = await bed.millrace.submit(waiting, 300, { key: "short" });
    await short.result();
    await eventually(async () => expect(await bed.outputs("handle")).toEqual(["waiting:long"]));
  });

  test("goes on after events that take far more room in a record than in their messages", async () => {
    const bed = await TriggerBed.open(open());
    const pairs = trigger("pairs", {
      on: { subject: "raw.things" },
      batch: { size: 3, within: "1h" },
      action: { submit: handle, input: "events.map(e, size(string(e.data)))" },
    });
    await bed.serve([handle, pairs]);
    const { bus } = bed.millrace.broker;
    const publish = (text: string): Promise<unknown> =>
      bus.publish({ subject: "raw.things", data: new TextEncoder().encode(text) });
    for (let at = 0; at < 3; at++) await publish("\u0001".repeat(120_000));
    for (let at = 0; at < 3; at++) await publish("small");
    await eventually(async () => expect(await bed.outputs("handle")).toEqual([[5, 5, 5]]));
  });
});
