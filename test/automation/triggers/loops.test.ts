import { expect, test } from "vitest";
import { flow } from "../../../src/definition/flow.ts";
import { trigger } from "../../../src/definition/trigger.ts";
import { eventually, onEveryAdapter } from "../../contract/support/on-every-adapter.ts";
import { TriggerBed } from "../support/trigger-bed.ts";

const circle = flow("circle", () => "round");
const ping = flow("ping", () => "ping");
const pong = flow("pong", () => "pong");
const echo = flow("echo", (_ctx, input: unknown) => input);

/** Submits a run for each alert that a trigger was stopped. */
const alarms = trigger("alarms", {
  on: "millrace.trigger.stopped",
  action: { submit: echo, input: "event.data.trigger" },
});

onEveryAdapter("triggers that lead to themselves", (open) => {
  test("a trigger on the end of its own flow stops when eight firings led to each other, and tells of it once", async () => {
    const bed = await TriggerBed.open(open());
    const loop = trigger("loop", {
      on: "run.completed",
      when: { flow: circle },
      action: { submit: circle, input: "null" },
    });
    await bed.serve([circle, echo, loop, alarms]);
    await bed.serve([circle, echo]);
    await bed.millrace.submit(circle, undefined, { key: "start" });
    await eventually(async () => {
      expect((await bed.millrace.triggers.get("loop")).paused?.reason).toContain("leads to itself");
      expect(await bed.outputs("echo")).toEqual(["loop"]);
      expect(await bed.outputs("circle")).toHaveLength(9);
    });
    // It goes on as a new chain: the event that went too deep is not acted upon.
    await bed.millrace.triggers.resume("loop");
    await bed.millrace.submit(circle, undefined, { key: "again" });
    await eventually(async () => expect(await bed.outputs("circle")).toHaveLength(18));
  });

  test("two triggers that lead to each other are stopped", async () => {
    const bed = await TriggerBed.open(open());
    const there = trigger("there", {
      on: "run.completed",
      when: { flow: ping },
      action: { submit: pong, input: "null" },
    });
    const back = trigger("back", {
      on: "run.completed",
      when: { flow: pong },
      action: { submit: ping, input: "null" },
    });
    await bed.serve([ping, pong, echo, there, back, alarms]);
    await bed.millrace.submit(ping, undefined, { key: "start" });
    await eventually(async () => {
      expect(await bed.outputs("echo")).toEqual(["there"]);
      const ends = [...(await bed.outputs("ping")), ...(await bed.outputs("pong"))];
      expect(ends).toHaveLength(9);
    });
  });

  test("a trigger that publishes to itself is stopped, whatever event it makes up", async () => {
    const bed = await TriggerBed.open(open());
    const made = '{"specversion": "1.0", "id": event.id + "x", "source": "s", "type": "t"}';
    const selfMade = trigger("echo", {
      on: { subject: "echo.all" },
      action: { publish: "echo.all", data: made },
    });
    await bed.serve([selfMade]);
    const data = new TextEncoder().encode("{}");
    await bed.millrace.broker.bus.publish({ subject: "echo.all", data });
    await eventually(async () => {
      const { paused, fired } = await bed.millrace.triggers.get("echo");
      expect({ isPaused: paused !== undefined, isBounded: fired < 20 }).toEqual({
        isPaused: true,
        isBounded: true,
      });
    });
  });

  test("a trigger is stopped when it fires more often than it may, and its events wait", async () => {
    const bed = await TriggerBed.open(open());
    const eager = trigger("eager", {
      on: "tick",
      action: { submit: echo },
      limits: { perMinute: 5 },
    });
    await bed.serve([echo, eager]);
    for (let tick = 0; tick < 20; tick++) await bed.millrace.emit("tick", tick);
    await eventually(async () => {
      expect((await bed.millrace.triggers.get("eager")).paused?.reason).toContain("too often");
      expect((await bed.outputs("echo")).length).toBe(5);
    });
    const lenient = { ...(await bed.millrace.triggers.get("eager")).spec, limits: {} };
    await bed.millrace.triggers.put(lenient);
    await bed.millrace.triggers.resume("eager");
    await eventually(async () => expect(await bed.outputs("echo")).toHaveLength(20));
  });
});
