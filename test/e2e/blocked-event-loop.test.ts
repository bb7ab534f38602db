/** A step that blocks its worker's event loop for five leases: its thread keeps the leases meanwhile (I12). */
import { expect, test } from "vitest";
import { soundHistory } from "./support/sound-history.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
/** So long that no machine stands still for it. */
const LEASE_MS = 3_000;
const serve = { lease: `${LEASE_MS}ms` } as const;
const ONCE = { "before#1": 1, "hard#1": 1, "after#1": 1 };

test("a worker whose event loop a step blocks for five leases keeps all its runs, while others are served elsewhere (I12)", async () => {
  const bed = await beds.open();
  const blocked = await bed.worker("blocking", { serve });
  const inputs = [0, 1, 2, 3, 4, 5].map((at) => ({
    name: `run-${at}`,
    blockMs: at === 0 ? 5 * LEASE_MS : 0,
    gated: true,
  }));
  const runs = await Promise.all(inputs.map((input) => bed.millrace.submit("work", input)));
  await until("it has all of them", () => bed.ledger.entries.length === runs.length);
  bed.openGate("together");
  const blocking = runs[0]?.id ?? "";
  await until("the event loop is blocked", () => bed.ledger.of(blocking, "hard#1").length === 1);
  const other = await bed.worker("blocking", { serve });

  const easy = Array.from({ length: 20 }, (_, at) => ({ name: `easy-${at}` }));
  const served = await Promise.all(easy.map((input) => bed.millrace.submit("work", input)));
  const results = served.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  // What the blocked worker had asked for before it was blocked goes to the other one when its lease is over.
  expect(await Promise.all(results)).toEqual(easy.map(({ name }) => name));
  expect(bed.ledger.of(blocking).filter((entry) => "unblocked" in entry)).toEqual([]);
  bed.openGate("unblock");
  const kept = runs.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  expect(await Promise.all(kept)).toEqual(inputs.map(({ name }) => name));
  for (const [worker, held] of [
    [blocked, runs],
    [other, served],
  ] as const) {
    for (const { id } of held) {
      expect(bed.ledger.counts(id)).toEqual(ONCE);
      expect(bed.ledger.of(id).every(({ pid }) => pid === worker.pid)).toBe(true);
      const { state } = await soundHistory(bed.millrace, id);
      expect(state).toMatchObject({ epoch: 1, takeOvers: 0 });
    }
  }
});
