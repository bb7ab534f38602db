import { flow, signal, task } from "millrace";

export interface Order {
  readonly id: string;
  readonly item: string;
  readonly cents: number;
}

export interface Decision {
  readonly approved: boolean;
  readonly by: string;
}

export type Outcome =
  | { readonly status: "shipped"; readonly tracking: string; readonly approvedBy: string }
  | { readonly status: "refused"; readonly reason: string };

/** Sent by whoever may decide: a person in a back office, a fraud check, a mail with a link. */
export const approval = signal<Decision>("approval");

/** Each of these talks to a service in real life. `compensate` undoes what the function did. */
export const reserve = task(
  "reserve",
  {
    compensate: ({ shelf }: { shelf: string }, order: Order) =>
      console.log(`${order.id}: ${order.item} is back on shelf ${shelf}`),
  },
  (order: Order) => {
    console.log(`${order.id}: ${order.item} reserved`);
    return { shelf: "B7" };
  },
);

export const charge = task(
  "charge",
  {
    retry: { attempts: 5, delays: ["200ms", "1s", "5s"] },
    compensate: ({ payment }: { payment: string }, order: Order) =>
      console.log(`${order.id}: ${order.cents} cents refunded (${payment})`),
  },
  (order: Order, { attempt, idempotencyKey }) => {
    if (attempt === 1) throw new Error("the card terminal is busy"); // Tried again by the policy.
    console.log(`${order.id}: ${order.cents} cents charged`);
    return { payment: idempotencyKey };
  },
);

/** Takes goods and money, waits for an approval, and gives both back if it does not come. */
export const order = flow("order", async (ctx, bought: Order): Promise<Outcome> => {
  try {
    return await ctx.saga(async (saga) => {
      await saga.run(reserve, bought);
      await saga.run(charge, bought);
      ctx.expose("waiting for", "approval");
      const decision = await saga.receive(approval, { timeout: "3d" });
      ctx.expose("waiting for", null);
      if (decision === undefined) throw new Refused("nobody answered");
      if (!decision.approved) throw new Refused(`refused by ${decision.by}`);
      const tracking = await saga.step("ship", ({ idempotencyKey }) => `1Z ${idempotencyKey}`);
      return { status: "shipped", tracking, approvedBy: decision.by };
    });
  } catch (error) {
    // A refusal is a result. Anything else is an error of the run, thrown on when all is undone.
    if (error instanceof Refused) return { status: "refused", reason: error.message };
    throw error;
  }
});

class Refused extends Error {}
