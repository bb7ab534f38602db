import { expect, test, vi } from "vitest";
import { runRef } from "../../src/engine/run-id.ts";
import { Inbox } from "../contract/support/inbox.ts";
import { eventually, onEveryAdapter } from "../contract/support/on-every-adapter.ts";

onEveryAdapter("a work queue whose consumers are made again", (open) => {
  test("hands out nothing old as fresh to a worker that had no room for a while (I4)", async () => {
    const { connect, deleteConsumers } = open();
    const broker = await connect();
    const busy = await Inbox.open(broker, { room: 1 });
    const run = runRef("f", "closed");
    await broker.log.submit(run, "q", new Uint8Array([1]));
    await eventually(() => expect(busy.deliveries).toHaveLength(1));
    busy.deliveries[0]?.ack();

    await deleteConsumers("q");
    const other = await Inbox.open(await connect(), { room: 0 });
    await other.reader.stop();
    later(5);
    busy.allow(10);
    await eventually(() => expect(busy.deliveries.length).toBeGreaterThan(1));
    vi.useRealTimers();
    vi.restoreAllMocks();
    expect(busy.deliveries[1]).toMatchObject({ run, fresh: false });
  });
});

/** All clocks go on by so many seconds at once. */
function later(seconds: number): void {
  const { hrtime } = process;
  const read = (): [number, number] => {
    const [now, nanoseconds] = hrtime();
    return [now + seconds, nanoseconds];
  };
  const bigint = (): bigint => hrtime.bigint();
  vi.spyOn(process, "hrtime").mockImplementation(Object.assign(read, { bigint }));
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1_000 });
}
