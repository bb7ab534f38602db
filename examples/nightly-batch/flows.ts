import { setTimeout as delay } from "node:timers/promises";
import { FatalError, task } from "millrace";

export interface Account {
  readonly customer: string;
  readonly night: string;
}

/** Each statement is a run of its own: one that fails holds up no other, and can be resumed alone. */
export const statement = task(
  "statement",
  { retry: { attempts: 3, delays: ["200ms", "1s"] }, timeout: "1m" },
  async ({ customer, night }: Account, { attempt, signal }) => {
    await delay(50, undefined, { signal }); // The old system behind it bears a few of these at a time.
    if (customer === "customer-13")
      throw new FatalError("NO_ACCOUNT", `${customer} has no account`);
    if (customer.endsWith("7") && attempt === 1) throw new Error("the old system is busy");
    return `${night} ${customer}.pdf`;
  },
);
