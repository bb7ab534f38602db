/** A file of flows as a user writes it, for the commands to serve. */
export const FLOWS = `
import { FatalError, flow, signal, task } from "millrace";

export interface Order { readonly item: string }

export const price = task("price", { retry: { attempts: 3, delays: ["10ms"] } }, (item: string, info) => {
  if (info.attempt === 1) throw new TypeError("the till is\\u001b[31m busy", { cause: new Error("a queue") });
  return item.length;
});

export const shop = flow("shop", async (ctx, order: Order) => ({
  item: order.item,
  price: await ctx.run(price, order.item),
}));

export const refused = flow("refused", async (ctx) => {
  await ctx.step("ask", () => {
    throw new FatalError("NO_STOCK", "nothing left\\u001b[2J", { sku: 7 });
  }, { retry: { attempts: 5, delays: ["10ms"] } });
});

export const slow = flow("slow", async (ctx) => {
  await ctx.sleep("1h");
});

export const many = flow("many", async (ctx, count: number) => {
  for (let n = 0; n < count; n++) await ctx.step("one", () => "x".repeat(200));
});

export const rich = flow("rich", async (ctx) => {
  ctx.log.info("making a rich value");
  return { when: new Date(0), big: 12n, set: new Set([1]), none: undefined };
});

export const versioned = flow("versioned", async (ctx) => {
  const name = await ctx.step(process.env["STEP"] ?? "first", () => process.env["STEP"]);
  await ctx.receive(signal("go on"));
  return name;
});
`;
