import { setTimeout as delay } from "node:timers/promises";
import { flow, task } from "millrace";

/** What the shop gets. */
export interface Order {
  readonly customer: string;
  readonly items: readonly string[];
}

/** Each of these talks to some service in real life; here it takes its time. */
export const reserve = task("reserve", async (item: string, { log }) => {
  log.info(`reserving ${item}`);
  await delay(2_000);
  return { item, shelf: item.length };
});

export const charge = task(
  "charge",
  { retry: { attempts: 3, delays: ["1s"] }, timeout: "30s" },
  async (order: Order, { attempt, idempotencyKey, log }) => {
    log.info(`charging ${order.customer}`);
    await delay(1_500);
    if (attempt === 1) throw new Error("the card terminal is busy");
    return { receipt: idempotencyKey, amount: order.items.length * 10 };
  },
);

export const pack = task("pack", async (items: readonly string[], { log }) => {
  log.info(`packing ${items.length} items`);
  await delay(4_000);
  return { parcels: 1 };
});

export const print = task("print", async (what: string, { log }) => {
  log.info(`printing the ${what}`);
  await delay(3_000);
  return `${what}.pdf`;
});

export const ship = task("ship", async (customer: string, { log }) => {
  log.info(`handing the parcel for ${customer} to the carrier`);
  await delay(4_000);
  return { tracking: `1Z-${customer.length}` };
});

/** About 25 seconds of work. Kill its worker at any moment: another one goes on behind the last finished step. */
export const checkout = flow("checkout", async (ctx, order: Order) => {
  const reserved = await ctx.all(order.items, (item) => ctx.run(reserve, item), { concurrency: 2 });
  const payment = await ctx.run(charge, order);
  await ctx.sleep("3s");
  await ctx.run(
    pack,
    reserved.map(({ item }) => item),
  );
  const papers = await Promise.all([ctx.run(print, "label"), ctx.run(print, "invoice")]);
  const shipped = await ctx.run(ship, order.customer);
  return { ...payment, ...shipped, papers };
});
