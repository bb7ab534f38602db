/** A step that blocks its worker's event loop for six leases: its thread keeps the leases meanwhile (I12). */
import { expect, test } from "vitest";
import { soundHistory } from "./support/sound-history.ts";
import { LEASE_MS, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const BLOCK_MS = 6 * LEASE_MS;
const ONCE = { "before#1": 1, "hard#1": 1, "after#1": 1 };

test("a run whose step blocks the event loop for six leases stays where it is, while others are served elsewhere (I12)", async () => {
  const bed = await beds.open();
  const blocked = await bed.worker("blocking");
  const run = await bed.millrace.submit("work", { name: "hard", blockMs: BLOCK_MS });
  await until("the event loop is blocked", () => bed.ledger.of(run.id, "hard#1").length === 1);
  const other = await bed.worker("blocking");

  const easy = Array.from({ length: 20 }, (_, at) => ({ name: `easy-${at}` }));
  const served = await Promise.all(easy.map((input) => bed.millrace.submit("work", input)));
  const results = served.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  // What the blocked worker had asked for before it was blocked goes to the other one when its lease is over.
  expect(await Promise.all(results)).toEqual(easy.map(({ name }) => name));
  expect(
    bed.ledger.entries.filter((entry) => "unblocked" in entry && entry.run === run.id),
  ).toEqual([]);

  bed.openGate("unblock");
  expect(await run.result({ timeout: "60s" })).toBe("hard");
  expect(bed.ledger.counts(run.id)).toEqual(ONCE);
  expect(bed.ledger.of(run.id).every(({ pid }) => pid === blocked.pid)).toBe(true);
  expect((await soundHistory(bed.millrace, run.id)).state).toMatchObject({
    epoch: 1,
    takeOvers: 0,
  });
  for (const { id } of served) {
    expect(bed.ledger.counts(id)).toEqual(ONCE);
    expect(bed.ledger.of(id).every(({ pid }) => pid === other.pid)).toBe(true);
    await soundHistory(bed.millrace, id);
  }
});

test("other runs of a worker that is blocked are not taken over either (I12)", async () => {
  const bed = await beds.open();
  const blocked = await bed.worker("blocking");
  const inputs = [0, 1, 2, 3, 4, 5].map((at) => ({
    name: `run-${at}`,
    blockMs: at === 0 ? BLOCK_MS : 0,
    gated: true,
  }));
  const runs = await Promise.all(inputs.map((input) => bed.millrace.submit("work", input)));
  await until("it has all of them", () => bed.ledger.entries.length === runs.length);
  await bed.worker("blocking");
  bed.openGate("together");
  bed.openGate("unblock");

  const results = runs.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  expect(await Promise.all(results)).toEqual(inputs.map(({ name }) => name));
  for (const { id } of runs) {
    expect(bed.ledger.counts(id)).toEqual(ONCE);
    expect(bed.ledger.of(id).every(({ pid }) => pid === blocked.pid)).toBe(true);
    expect((await soundHistory(bed.millrace, id)).state).toMatchObject({ epoch: 1, takeOvers: 0 });
  }
});
