import { describe, expect, test } from "vitest";
import type { ScheduleRules } from "../../../src/index.ts";
import type { MemoryConnection } from "../../../src/testing/memory-connection.ts";
import type { MemoryWrite } from "../../../src/testing/memory-faults.ts";
import { keyAt, MINUTE, ScheduleWorld } from "./support/schedule-world.ts";

const due = ["00:01:00", "00:02:00", "00:03:00", "00:04:00", "00:05:00", "00:06:00"];
const all = due.map((time) => keyAt("s", time));

/** Three due times with a worker that dies at its n-th write for the schedule, and another one that goes on. */
async function dyingAt(fatal: number, when: "before" | "after", rules: ScheduleRules) {
  const world = new ScheduleWorld();
  let doomed: MemoryConnection | undefined;
  let writes = 0;
  const meet = ({ process, kind, data }: MemoryWrite): void => {
    const isRecord = kind === "control" && new TextDecoder().decode(data).includes('"spec"');
    if (process !== doomed || !(isRecord || kind === "submit" || kind === "order")) return;
    writes++;
    if (writes === fatal) doomed?.crash();
  };
  world.broker.inject({
    beforeWrite: (write) => {
      if (when === "before") meet(write);
      return "stored";
    },
    afterWrite: (write) => {
      if (when === "after") meet(write);
    },
  });
  doomed = await world.worker();
  await world.put({ name: "s", flow: "job", cron: "* * * * *", ...rules });
  await world.clock.advance(2 * MINUTE);
  await world.worker();
  await world.clock.advance(4 * MINUTE);
  return { world, died: doomed.state === "crashed" };
}

describe.each(["before", "after"] as const)("a worker that dies %s any write", (when) => {
  test.each([
    ["without a limit", { catchUp: "all" }],
    ["one after the other", { catchUp: "all", overlap: "queue" }],
  ] as const)("leaves no due time without its run, and none with two: %s", async (_, rules) => {
    let deaths = 0;
    for (let write = 1; ; write++) {
      const { world, died } = await dyingAt(write, when, rules);
      expect([write, world.submitted()]).toEqual([write, all]);
      if (!died) break;
      deaths++;
    }
    // Two due times of its own at least, with three writes each.
    expect(deaths).toBeGreaterThanOrEqual(6);
  });
});

test("a write whose answer is lost is done once", async () => {
  const world = new ScheduleWorld();
  let writes = 0;
  world.broker.inject({
    beforeWrite: ({ kind }) => {
      if (kind !== "submit" && kind !== "control" && kind !== "order") return "stored";
      writes++;
      return writes % 3 === 0 ? "ack lost" : writes % 5 === 0 ? "not stored" : "stored";
    },
  });
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "* * * * *", catchUp: "all" });
  await world.worker();
  await world.clock.advance(6 * MINUTE);
  expect(world.submitted()).toEqual(all);
});

test("two workers that believe in the same due message make one run of it", async () => {
  const world = new ScheduleWorld();
  await world.worker();
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "* * * * *", catchUp: "all", overlap: "queue" });
  for (let lapses = 0; lapses < 36; lapses++) {
    await world.clock.advance(10_000);
    world.broker.lapseLeases();
  }
  expect(world.submitted()).toEqual(all);
});
