import type { SlotRefusal } from "../engine/slot-table.ts";

/** What a run waits for that gets no slot, for people. `what` has them: `queue payments`, or `key ann`. */
export function slotRefusalText(refusal: SlotRefusal, what: string): string {
  switch (refusal.reason) {
    case "limit": {
      const { holders, limit } = refusal;
      const named = holders.slice(0, MOST_NAMED).map(({ run }) => run);
      const more = holders.length - named.length;
      const others = more === 0 ? "" : ` and ${more} more`;
      return `a slot of ${what} (${holders.length} of ${limit} held by ${named.join(", ")}${others})`;
    }
    case "rate": {
      const { rate, until } = refusal;
      const time = new Date(until).toISOString();
      return `the rate of ${what} (${rate.limit} starts in ${rate.perMs} ms) until ${time}`;
    }
    case "turn":
      return `a slot of ${what}, which another worker is to have first`;
    case "held":
      return `worker ${refusal.holder.worker}, which is taking it up`;
  }
}

const MOST_NAMED = 3;
