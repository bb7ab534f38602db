// @ts-check
import { shiftClock } from "./shifted-clock.mjs";

/** What a process does to itself when it is told so. */

/** @type {{ [Do in import("../field.mjs").Order["do"]]: (order: Extract<import("../field.mjs").Order, { do: Do }>) => void }} */
const ORDERS = {
  // Nothing else of this thread goes on meanwhile.
  block: ({ ms }) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  "shift-clock": ({ ms }) => shiftClock(ms),
};

/** Obeys the orders that come from the process that started this one. */
export function obeyOrders() {
  process.on("message", (/** @type {{ order?: import("../field.mjs").Order }} */ { order }) => {
    if (order === undefined) return;
    const obey = /** @type {(order: object) => void} */ (ORDERS[order.do]);
    obey(order);
  });
}
