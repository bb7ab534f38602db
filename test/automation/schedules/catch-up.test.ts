import { describe, expect, test } from "vitest";
import type { ScheduleRules } from "../../../src/index.ts";
import { keyAt, MINUTE, ScheduleWorld, SECOND } from "./support/schedule-world.ts";

const keys = (...times: string[]): readonly string[] => times.map((time) => keyAt("s", time));

/** Serves from 00:00:30 to 00:02:30, nobody until 00:08:30, then somebody again until 00:10:30. */
async function afterDowntime(rules: ScheduleRules): Promise<ScheduleWorld> {
  const world = new ScheduleWorld();
  const worker = await world.worker();
  await world.put({ name: "s", flow: "job", cron: "* * * * *", ...rules });
  await world.clock.advance(2 * MINUTE);
  worker.crash();
  await world.clock.advance(6 * MINUTE);
  await world.worker();
  await world.clock.advance(2 * MINUTE);
  return world;
}

describe("due times that nobody took up for minutes", () => {
  const [before, missed, inTime, after] = [
    keys("00:01:00", "00:02:00"),
    keys("00:03:00", "00:04:00", "00:05:00", "00:06:00", "00:07:00"),
    keys("00:08:00"),
    keys("00:09:00", "00:10:00"),
  ] as const;

  test("are left out with skip, and told of, but for what is not late yet", async () => {
    const world = await afterDowntime({ catchUp: "skip" });
    expect(world.submitted()).toEqual([...before, ...inTime, ...after]);
    expect(await world.systemEvents("schedule.skipped")).toEqual([
      {
        schedule: "s",
        flow: "job",
        reason: "missed",
        firstDue: "2026-05-04T00:03:00.000Z",
        lastDue: "2026-05-04T00:07:00.000Z",
        count: 5,
      },
    ]);
  });

  test("become one run with latest: that of the newest", async () => {
    const world = await afterDowntime({ catchUp: "latest" });
    expect(world.submitted()).toEqual([...before, ...inTime, ...after]);
    const late = await afterDowntime({ catchUp: { mode: "latest", grace: "10s" } });
    expect(late.submitted()).toEqual([...before, ...inTime, ...after]);
    expect(await late.systemEvents("schedule.skipped")).toMatchObject([{ count: 5 }]);
  });

  test("are all run with all, in their order", async () => {
    const world = await afterDowntime({ catchUp: "all" });
    expect(world.submitted()).toEqual([...before, ...missed, ...inTime, ...after]);
    expect(await world.systemEvents("schedule.skipped")).toEqual([]);
  });

  test("are run up to the limit with all, the newest of them", async () => {
    const world = await afterDowntime({ catchUp: { mode: "all", limit: 3 } });
    expect(world.submitted()).toEqual([...before, ...missed.slice(-2), ...inTime, ...after]);
    expect(await world.systemEvents("schedule.skipped")).toMatchObject([{ count: 3 }]);
  });

  test("are skipped in whole when none is in time", async () => {
    const world = await afterDowntime({ catchUp: { mode: "skip", grace: "10s" } });
    expect(world.submitted()).toEqual([...before, ...after]);
    expect(await world.systemEvents("schedule.skipped")).toMatchObject([{ count: 6 }]);
  });
});

test("a year of seconds is caught up with at once, and counted as many", async () => {
  const world = new ScheduleWorld();
  await world.put({
    name: "s",
    flow: "job",
    every: "1s",
    catchUp: { mode: "all", limit: 3, grace: "1s" },
  });
  await world.clock.advance(365 * 24 * 60 * MINUTE);
  await world.worker();
  await world.clock.advance(SECOND / 2);
  expect(world.submitted()).toHaveLength(3);
  expect(await world.systemEvents("schedule.skipped")).toEqual([
    expect.objectContaining({ reason: "missed", firstDue: "2026-05-04T00:00:31.000Z" }),
  ]);
});

/** A schedule of runs that stay open, when the first three are due. */
async function open(rules: ScheduleRules): Promise<ScheduleWorld> {
  const world = new ScheduleWorld();
  await world.worker();
  await world.put({ name: "s", flow: "slow", cron: "* * * * *", ...rules });
  // The first three are due.
  await world.clock.advance(2 * MINUTE + 40 * SECOND);
  return world;
}

describe("a due time while the run before is open", () => {
  const due = ["00:01:00", "00:02:00", "00:03:00", "00:04:00"];
  const [first = "", second = "", third = "", fourth = ""] = keys(...due);

  test("gets a run beside it with allow", async () => {
    const world = await open({ overlap: "allow" });
    expect(world.keys).toEqual([first, second, third]);
  });

  test("is left out with skip, and told of", async () => {
    const world = await open({ overlap: "skip" });
    expect(world.submitted()).toEqual([first]);
    expect(await world.systemEvents("schedule.skipped")).toMatchObject([
      { reason: "overlap", firstDue: "2026-05-04T00:02:00.000Z", count: 1 },
      { reason: "overlap", firstDue: "2026-05-04T00:03:00.000Z", count: 1 },
    ]);
    await world.finish(first);
    await world.clock.advance(MINUTE);
    expect(world.submitted()).toEqual([first, fourth]);
  });

  test("waits with queue: one after the other, in their order", async () => {
    const world = await open({ overlap: "queue" });
    expect(world.submitted()).toEqual([first]);
    const { waiting } = await world.clock.until(world.millrace.schedules.get("s"));
    expect(waiting.map((time) => time.toISOString().slice(11, 19))).toEqual(due.slice(1, 3));
    await world.finish(first);
    // The worker that submitted it waits for it: no need to look now and then.
    await world.clock.advance(SECOND);
    expect(world.submitted()).toEqual([first, second]);
    await world.finish(second);
    await world.clock.advance(SECOND);
    expect(world.submitted()).toEqual([first, second, third]);
    await world.finish(third);
    await world.clock.advance(MINUTE);
    expect(world.keys).toEqual([first, second, third, fourth]);
  });

  test("is found by another worker with queue when the one that waited is gone", async () => {
    const world = new ScheduleWorld();
    const one = await world.worker();
    await world.put({ name: "s", flow: "slow", cron: "0,1,2 0 * * *", overlap: "queue" });
    await world.clock.advance(2 * MINUTE);
    one.crash();
    await world.worker();
    // By then the run is taken over, and begins anew.
    await world.clock.advance(20 * SECOND);
    await world.finish(first);
    await world.clock.advance(MINUTE);
    expect(world.submitted()).toEqual([first, second]);
  });

  test("stops it with cancel-previous, and starts when it has ended", async () => {
    const world = await open({ overlap: "cancel-previous" });
    expect(world.keys).toEqual([first, second, third]);
    for (const key of [first, second]) {
      const state = await world.clock.until(world.millrace.attach(`slow:${key}`).state());
      expect(state.status).toBe("cancelled");
    }
    const newest = await world.clock.until(world.millrace.attach(`slow:${third}`).state());
    expect(newest.status).toBe("running");
  });

  test("starts none of those that were missed beside another with skip", async () => {
    const world = new ScheduleWorld();
    await world.put({
      name: "s",
      flow: "slow",
      cron: "* * * * *",
      catchUp: "all",
      overlap: "skip",
    });
    await world.clock.advance(5 * MINUTE);
    await world.worker();
    await world.clock.advance(SECOND);
    expect(world.submitted()).toEqual([first]);
  });
});
