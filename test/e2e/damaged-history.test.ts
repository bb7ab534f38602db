import { jetstreamManager } from "@nats-io/jetstream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { flow, serve, signal } from "../../src/index.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });

test("a run of whose history a frame is gone is parked, and does nothing again that was recorded", async () => {
  const bed = await beds.open();
  const { millrace, namespace } = bed;
  const done: string[] = [];
  const go = signal("go");
  const trip = flow("trip", {}, async (ctx) => {
    for (const leg of ["out", "stay", "back"]) await ctx.step(leg, () => done.push(leg));
    await ctx.receive(go);
  });
  const run = await millrace.submit(trip, undefined, { key: "a" });
  const first = await serve([trip], { connection: millrace, log });
  await until("all is done", () => done.length === 3);
  await first.drain();
  const { frames } = await run.details();
  const stay = frames.find(({ events }) =>
    events.some((event) => event.type === "StepCompleted" && event.step === "stay#1"),
  );
  const raw = await bed.raw();
  const manager = await jetstreamManager(raw);
  await manager.streams.deleteMessage(`MR_${namespace}_0`, stay?.sequence ?? 0);

  await run.signal(go);
  const second = await serve([trip], { connection: millrace, log });
  await until("it is parked", async () => (await run.state()).status === "parked");
  await second.drain();
  expect(done).toEqual(["out", "stay", "back"]);
  expect((await run.explain()).reason).toBe("parked-damaged-history");
  const { flaws } = await millrace.verify(run.id);
  expect(flaws.map(({ kind, sequence }) => [kind, sequence])).toEqual([
    ["missing-frame", stay?.sequence],
  ]);
});
