/** What is told of runs by real processes that are killed, as a program without Millrace sees it. */
import { expect, onTestFinished, test } from "vitest";
import type { CloudEvent } from "../../src/engine/cloud-event.ts";
import { toldEvents, toldStatuses, trueStatuses } from "../contract/support/told-events.ts";
import { type TestBed, testBeds, type WorkerProcess } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const RUNS = 120;
const DEATHS = 3;

test("each change of a status is told once, in its order, while those who tell it are killed", async () => {
  const bed = await beds.open();
  const workers = new Map<string, WorkerProcess>();
  const hire = async (): Promise<void> => {
    const worker = await bed.worker("steps");
    workers.set(worker.id, worker);
  };
  await hire();
  await hire();
  const heard = await listen(bed);
  const ids: string[] = [];
  for (let death = 0; death <= DEATHS; death++) {
    for (let at = 0; at < RUNS / (DEATHS + 1); at++) {
      ids.push((await bed.millrace.submit("steps", { count: 2 })).id);
    }
    if (death === DEATHS) break;
    const leader = await until("one of the workers tells of the runs", async () =>
      workers.get((await leaderOf(bed)) ?? ""),
    );
    workers.delete(leader.id);
    await leader.kill();
    await hire();
  }
  const { broker } = bed.millrace;
  for (const id of ids) {
    await bed.millrace.attach(id).result({ timeout: "60s" });
    await until(`${id} is told in full`, async () => {
      const [told, wanted] = [await toldStatuses(broker, id), await trueStatuses(broker, id)];
      return told.length >= wanted.length;
    });
    expect(await toldStatuses(broker, id)).toEqual(await trueStatuses(broker, id));
  }
  const events = await toldEvents(broker);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);

  const heardIds = (): Set<string> => new Set(heard.map(({ id }) => id));
  await until("a plain client heard all of it", () => heardIds().size >= events.length);
  // It may hear one twice that the stream holds once.
  expect(heardIds()).toEqual(new Set(events.map(({ id }) => id)));
});

test("no more events are kept than was settled", async () => {
  const bed = await beds.open();
  for (let at = 0; at < 20; at++) await bed.millrace.emit("note", "x".repeat(1_000));
  await bed.millrace.events.retain({ maxBytes: 10_000 });
  expect(await bed.millrace.events.retention()).toMatchObject({ maxBytes: 10_000 });
  const { bus } = bed.millrace.broker;
  const extent = await bus.extent(bus.streams.events);
  expect(extent?.last).toBe(20);
  expect(extent?.bytes).toBeLessThanOrEqual(10_000);
  expect((await toldEvents(bed.millrace.broker)).length).toBe(extent?.messages);
});

/** What a program hears that only subscribes. */
async function listen(bed: TestBed): Promise<readonly CloudEvent[]> {
  const heard: CloudEvent[] = [];
  const raw = await bed.raw();
  const subscription = raw.subscribe(`millrace.${bed.namespace}.events.run.>`, {
    callback: (_, message) => {
      heard.push(message.json());
    },
  });
  onTestFinished(() => subscription.unsubscribe());
  await raw.flush();
  return heard;
}

async function leaderOf({ millrace }: TestBed): Promise<string | undefined> {
  const record = await millrace.broker.control.read("lease.events-0");
  if (record === undefined) return undefined;
  return (JSON.parse(new TextDecoder().decode(record.data)) as { holder?: string }).holder;
}
