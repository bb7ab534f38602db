/** All that is recorded of a run is read the same, wherever it is. On both brokers. */
import { expect, test } from "vitest";
import { readRecordedRun } from "../../src/client/recorded-runs.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { putWake } from "../../src/history/put-wake.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { openShop, paid } from "../archive/support/orders.ts";
import { onEveryAdapter } from "../contract/support/on-every-adapter.ts";

onEveryAdapter("what is recorded of a run", (open) => {
  test("is the same in the log and in the archive, byte for byte", async () => {
    const shop = await openShop(open(), { done: [], broken: false });
    const { host } = shop.later;
    const run = await shop.now.submit("order", { cart: 4 }, { key: "o1" });
    await run.signal(paid, 12);
    await run.result();
    const ref = parseRunId(run.id);
    const parts = { broker: shop.broker, clock: systemClock };
    await putWake(parts, ref, "order", { replaces: [], resume: false, queue: "order" });
    const live = await readRecordedRun(host, ref);

    expect(await shop.later.archive.add(run.id)).toMatchObject({ status: "archived" });
    const archived = await readRecordedRun(host, ref);

    expect(live?.archived).toBeUndefined();
    expect(archived?.archived).toBeDefined();
    expect(live?.frames.at(-1)?.status).toBe("completed");
    expect(live?.inbox.length).toBeGreaterThanOrEqual(3);
    expect(archived?.frames).toEqual(live?.frames);
    const bytes = (read: typeof live): unknown =>
      [read?.stored.submission, ...(read?.stored.history ?? []), ...(read?.inbox ?? [])].map(
        (one) => [one?.subject, one?.sequence, Buffer.from(one?.data ?? []).toString("base64")],
      );
    expect(bytes(archived)).toEqual(bytes(live));

    await shop.later.archive.restore(run.id);
    const restored = await readRecordedRun(host, ref);
    expect(restored?.archived).toBeUndefined();
    expect(restored?.submission.input).toEqual(live?.submission.input);
    expect(restored?.frames.at(-1)?.events.at(-1)).toEqual(live?.frames.at(-1)?.events.at(-1));
  });

  test("tells what no worker wrote from what the history says, and a run that has not begun from none", async () => {
    const { now, later, broker } = await openShop(open(), { done: [], broken: false });
    const begun = await now.submit("order", { cart: 4 }, { key: "o2" });
    await begun.signal(paid, 12);
    await begun.result();
    const ref = parseRunId(begun.id);
    const { sequence } = await begun.state();
    await broker.log.append(ref, sequence, Buffer.from("nobody's"));
    const read = await readRecordedRun(later.host, ref);
    expect(read?.frames.at(-1)?.sequence).toBe(sequence);
    expect(read?.foreign).toHaveLength(1);
    expect(Buffer.from(read?.stored.history.at(-1)?.data ?? []).toString()).toBe("nobody's");

    const waits = await now.submit("nobody-serves-it", 1, { key: "n1" });
    const pending = await readRecordedRun(later.host, parseRunId(waits.id));
    expect(pending).toMatchObject({ frames: [], inbox: [], submission: { runId: waits.id } });
    expect(await readRecordedRun(later.host, parseRunId("order:none"))).toBeUndefined();
  });
});
