import { flow, trigger } from "millrace";

export interface Order {
  readonly id: string;
  readonly item: string;
  readonly count: number;
}

const STOCK: Readonly<Record<string, number>> = { tea: 100, kettle: 2 };

/** Takes what the shop published, and says whether there is enough of it. */
export const takeOrder = flow("take-order", async (ctx, { id, item, count }: Order) => {
  const inStock = await ctx.step("look up stock", () => STOCK[item] ?? 0);
  if (inStock < count) {
    await ctx.emit("order.refused", { id, item, inStock });
    return { status: "refused" };
  }
  await ctx.emit("order.accepted", { id, item, count });
  return { status: "accepted" };
});

/** Knows nothing of who took the order, and who will hear of the parcel. */
export const packOrder = flow("pack-order", async (ctx, { id, item, count }: Order) => {
  const parcel = await ctx.step("pack", () => ({ id, parcel: `${count} x ${item}` }));
  await ctx.emit("order.packed", parcel);
  return parcel;
});

export const pipeline = [
  takeOrder,
  packOrder,
  // The shop publishes on plain NATS, and may publish twice: the order's own number makes one run of both.
  trigger("orders-come-in", {
    on: { subject: "orders.*.created" },
    action: { submit: takeOrder, key: "event.data.id" },
  }),
  trigger("pack-what-is-accepted", {
    on: "order.accepted",
    action: { submit: packOrder, key: "event.data.id" },
  }),
  trigger("tell-the-shop", {
    on: ["order.packed", "order.refused"],
    action: { publish: "shop.answers", data: "event.data" },
  }),
  // One refused order is business; three of the same item within a minute want somebody to buy more.
  trigger("out-of-stock", {
    on: "order.refused",
    after: { by: "event.data.item", count: 3, within: "1m" },
    action: { publish: "shop.alarms", data: "event.data" },
  }),
];
