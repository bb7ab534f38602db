/** A key that somebody died in making a fork of is free for a run of its own. On the in-memory broker. */
import { expect, test } from "vitest";
import { Millrace } from "../../src/index.ts";
import type { WriteFate } from "../../src/testing/memory-faults.ts";
import { until } from "../e2e/support/until.ts";
import { openShop, paid, type Shop } from "./support/shop.ts";

test.each([
  ["by its name alone", "name"],
  ["with a priority", "priority"],
] as const)(
  "a run that is submitted %s under the key of a fork that was never made has nothing of its history",
  async (_, how) => {
    const shop = await openShop();
    const origin = await shop.millrace.submit("order", { cart: 4 }, { key: "o1" });
    await origin.signal(paid, 25);
    await origin.result();
    await dieBeforeSubmission(shop, (millrace) =>
      millrace.fork(origin.id, { from: "charge", key: "k1" }),
    );

    const options = how === "priority" ? ({ key: "k1", priority: "high" } as const) : { key: "k1" };
    const run = await shop.millrace.submit("order", { cart: 9 }, options);
    await until("it runs", () => shop.done.includes("order:k1 weigh"));
    await run.signal(paid, 30);
    expect(await run.result()).toMatchObject({ weigh: 90, price: 30 });
    expect((await run.details()).origin).toBeUndefined();
    await expect(
      shop.millrace.fork(origin.id, { from: "charge", key: "k1" }),
    ).rejects.toMatchObject({ code: "RUN_EXISTS" });
  },
);

/** Lets a process fork, and it dies before the write that would make the fork a run. */
async function dieBeforeSubmission(
  { broker }: Shop,
  fork: (millrace: Millrace) => Promise<unknown>,
): Promise<void> {
  const process = broker.connect();
  broker.inject({
    beforeWrite: (write): WriteFate => {
      if (write.process === process && write.kind === "submit") process.crash();
      return "stored";
    },
  });
  // Who is dead does not come back from it.
  fork(new Millrace(process)).catch(() => undefined);
  await until("it is dead", () => process.state === "crashed");
  broker.inject({});
}
