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
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5_000 });
    busy.allow(10);
    await eventually(() => expect(busy.deliveries.length).toBeGreaterThan(1));
    vi.useRealTimers();
    expect(busy.deliveries[1]).toMatchObject({ run, fresh: false });
  });
});
