import { jetstreamManager } from "@nats-io/jetstream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { flow, serve, signal } from "../../src/index.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });

test.each([
  ["in the middle", 1],
  ["right before its head", -2],
])(
  "a run of whose history a frame is gone %s is parked, and does nothing again that was recorded",
  async (_, place) => {
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
    const gone = frames.at(place)?.sequence ?? 0;
    const raw = await bed.raw();
    const manager = await jetstreamManager(raw);
    await manager.streams.deleteMessage(`MR_${namespace}_0`, gone);

    await run.signal(go);
    const second = await serve([trip], { connection: millrace, log });
    await until("it is parked", async () => (await run.state()).status === "parked");
    await second.drain();
    expect(done).toEqual(["out", "stay", "back"]);
    expect((await run.explain()).reason).toBe("parked-damaged-history");
    const { flaws } = await millrace.verify(run.id);
    expect(flaws.map(({ kind, sequence }) => [kind, sequence])).toEqual([["missing-frame", gone]]);
  },
);
