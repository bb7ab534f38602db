import { expect, test } from "vitest";
import { flow } from "../../../src/definition/flow.ts";
import { signal } from "../../../src/definition/signal.ts";
import { trigger } from "../../../src/definition/trigger.ts";
import { eventually, onEveryAdapter } from "../../contract/support/on-every-adapter.ts";
import { TriggerBed } from "../support/trigger-bed.ts";

const sleeper = flow("sleeper", (ctx) => ctx.sleep("1h"));
const failing = flow("failing", (_ctx, why: string) => {
  throw new Error(why);
});
const echo = flow("echo", (_ctx, input: unknown) => input);

onEveryAdapter("the action of a trigger", (open) => {
  test("cancels the children of a run that failed, and no others", async () => {
    const bed = await TriggerBed.open(open());
    const parent = flow("parent", async (ctx) => {
      await ctx.submit(sleeper, undefined, { key: "one" });
      await ctx.submit(sleeper, undefined, { key: "two" });
      throw new Error("no");
    });
    const stopFamily = trigger("stop-family", {
      on: "run.failed",
      when: { flow: parent },
      action: { cancelChildren: "run.run", reason: "their parent failed" },
    });
    await bed.serve([parent, sleeper, stopFamily]);
    const other = await bed.millrace.submit(sleeper, undefined, { key: "other" });
    await bed.millrace.submit(parent, undefined, { key: "p" });
    await eventually(async () => {
      for (const key of ["one", "two"]) {
        const view = await bed.millrace.attach(`sleeper:${key}`).state();
        expect(view.status).toBe("cancelled");
      }
      expect(await bed.outputs("millrace-action")).toEqual([{ done: true, runs: 2 }]);
    });
    expect((await other.state()).closed).toBe(false);
  });

  test("resubmits a run with the same input and tags, three times in a row and no more", async () => {
    const bed = await TriggerBed.open(open());
    const again = trigger("again", {
      on: "run.failed",
      when: { flow: failing },
      action: { resubmit: { times: 3 } },
    });
    await bed.serve([failing, again]);
    await bed.millrace.submit(failing, "never works", { key: "first", tags: ["job:7"] });
    await eventually(async () => {
      expect(await bed.runs("failing")).toHaveLength(4);
      const outcomes = await bed.outputs("millrace-action");
      expect(outcomes).toHaveLength(4);
      expect(outcomes[0]).toMatchObject({ done: false });
    });
    for (const run of await bed.runs("failing")) {
      const { tags, input } = await run.details();
      expect(tags).toContain("job:7");
      expect(input).toBe("never works");
    }
    expect((await bed.millrace.triggers.get("again")).paused).toBeUndefined();
  });

  test("signals, cancels, terminates and resumes the run that an expression names", async () => {
    const bed = await TriggerBed.open(open());
    const approval = signal<{ by: string }>("approval");
    const waits = flow("waits", (ctx) => ctx.receive(approval));
    const flaky = flow("flaky", async (ctx) => {
      if (ctx.attempt === 1) throw new Error("not yet");
      return "went on";
    });
    const run = "event.data.run";
    const served = [
      trigger("t-signal", {
        on: "approve",
        action: { signal: approval, run, value: "event.data" },
      }),
      trigger("t-cancel", { on: "cancel", action: { cancel: run, reason: "as told" } }),
      trigger("t-terminate", { on: "terminate", action: { terminate: run } }),
      trigger("t-resume", { on: "resume", action: { resume: run } }),
    ];
    await bed.serve([waits, sleeper, flaky, ...served]);
    const one = await bed.millrace.submit(waits, undefined, { key: "one" });
    const two = await bed.millrace.submit(sleeper, undefined, { key: "two" });
    const three = await bed.millrace.submit(sleeper, undefined, { key: "three" });
    const four = await bed.millrace.submit(flaky, undefined, { key: "four" });
    await expect(four.result()).rejects.toMatchObject({ code: "RUN_FAILED" });
    await bed.millrace.emit("approve", { run: one.id, by: "ann" });
    await bed.millrace.emit("cancel", { run: two.id });
    await bed.millrace.emit("terminate", { run: three.id });
    await bed.millrace.emit("resume", { run: four.id });
    expect(await one.result()).toMatchObject({ by: "ann" });
    await expect(two.result()).rejects.toMatchObject({ reason: "as told" });
    await expect(three.result()).rejects.toMatchObject({ code: "RUN_CANCELLED" });
    await eventually(async () => expect((await four.state()).status).toBe("completed"));
  });

  test("on a run that has ended says so; on one that never was it fails, and holds up nothing", async () => {
    const bed = await TriggerBed.open(open());
    const stop = trigger("stop", { on: "stop", action: { cancel: "event.data.run" } });
    await bed.serve([echo, stop]);
    const ended = await bed.millrace.submit(echo, 1, { key: "ended" });
    await ended.result();
    for (const data of [{ run: "echo:nobody" }, { run: 7 }, { other: 1 }, { run: ended.id }]) {
      await bed.millrace.emit("stop", data);
    }
    await eventually(async () => {
      const reason = expect.stringContaining("echo:ended");
      expect(await bed.outputs("millrace-action")).toEqual([{ done: false, reason }]);
      const states = await Promise.all(
        (await bed.runs("millrace-action")).map((run) => run.state()),
      );
      const statuses = states.map(({ status }) => status).toSorted();
      expect(statuses).toEqual(["completed", "failed", "failed", "failed"]);
    });
  });

  test("publishes durably where a stream has the subject", async () => {
    const bed = await TriggerBed.open(open());
    const { bus } = bed.millrace.broker;
    await bus.capture("orders.>");
    const tell = trigger("tell", {
      on: "order.created",
      action: { publish: "orders.new", data: "event.data.id" },
    });
    const heard = trigger("heard", {
      on: { subject: "orders.new" },
      action: { submit: echo, input: "[event.type, event.data]" },
    });
    await bed.serve([echo, tell, heard]);
    await bed.millrace.emit("order.created", { id: "o-1" });
    await eventually(async () =>
      expect(await bed.outputs("echo")).toEqual([["orders.new", "o-1"]]),
    );
  });
});
