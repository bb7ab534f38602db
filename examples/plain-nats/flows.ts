import { flow, signal } from "millrace";

export interface Invoice {
  readonly customer: string;
  readonly cents: number;
}

/** What the bank tells of, in whatever language. */
export const payment = signal<{ readonly cents: number }>("payment");

/** Open until the whole amount came in. */
export const invoice = flow("invoice", async (ctx, { customer, cents }: Invoice) => {
  await ctx.step("send", () => console.log(`${ctx.runId}: ${customer} owes ${cents} cents`));
  let open = cents;
  while (open > 0) {
    const { cents: paid } = await ctx.receive(payment);
    open -= paid;
    ctx.expose("open", open);
  }
  return { customer, paid: cents };
});
