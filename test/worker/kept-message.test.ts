import { expect, test } from "vitest";
import { runRef } from "../../src/engine/run-id.ts";
import type { LeaseKeeper } from "../../src/ports/leases.ts";
import type { Delivery } from "../../src/ports/work-queue.ts";
import { KeptMessage } from "../../src/worker/kept-message.ts";

const lease = { hold: () => undefined, letGo: () => undefined };
const leases = { keep: () => lease } as unknown as LeaseKeeper;

test("a message that the broker has forgotten is looked at anew before anything is done with it", () => {
  let forgotten = false;
  const delivery = { run: runRef("f", "k"), queue: "q", isForgotten: () => forgotten };
  const message = new KeptMessage(delivery as unknown as Delivery, leases);
  expect(message.aged).toBe(false);
  forgotten = true;
  expect(message.aged).toBe(true);
});

test("so is one of a place for priorities, which is in its queue here", () => {
  const delivery = { run: runRef("f", "k"), queue: "q--high", isForgotten: () => true };
  const message = new KeptMessage(delivery as unknown as Delivery, leases);
  expect(message.aged).toBe(true);
});
