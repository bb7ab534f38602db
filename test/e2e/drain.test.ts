/** SIGTERM to a worker in the middle of its work: it hands over what it holds, and nothing is done twice. */
import { expect, test } from "vitest";
import { soundHistory } from "./support/sound-history.ts";
import { KEEPING, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

test("a worker that drains under load repeats no step, counts no crash, and exits by itself (I3, I4)", async () => {
  const bed = await beds.open();
  const [leaving] = await Promise.all([
    bed.worker("steps", { serve: { ...KEEPING, concurrency: 20 } }),
    bed.worker("steps", { serve: { ...KEEPING, concurrency: 60 } }),
  ]);
  const inputs = Array.from({ length: 60 }, () => ({ count: 8, ms: 60 }));
  const runs = await Promise.all(inputs.map((input) => bed.millrace.submit("steps", input)));
  const isUnderWay = (): boolean => bed.ledger.entries.some(({ pid }) => pid === leaving.pid);
  await until("it is under way", isUnderWay);

  leaving.signal("SIGTERM");
  expect(await leaving.exited).toEqual({ code: 0, signal: null });
  expect(leaving.reports).toContainEqual({ drained: true });
  const results = runs.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  expect(await Promise.all(results)).toEqual(inputs.map(() => 36));

  let released = 0;
  for (const { id } of runs) {
    const { state, events } = await soundHistory(bed.millrace, id);
    expect(state.takeOvers).toBe(0);
    released += events.filter((event) => event.type === "Released").length;
    expect(new Set(Object.values(bed.ledger.counts(id)))).toEqual(new Set([1]));
  }
  expect(released).toBeGreaterThan(0);
  await bed.queueIsDone("steps");
});

test("a drained worker waits for the step that runs, and the rest of the run is done elsewhere (I3)", async () => {
  const bed = await beds.open();
  const leaving = await bed.worker("gated", { serve: KEEPING });
  const { id } = await bed.millrace.submit("gated");
  await until("both steps wait at their gates", () => bed.ledger.of(id).length === 3);
  leaving.signal("SIGTERM");
  await until("it says that it drains", () => leaving.log.includes("Draining"));
  const other = await bed.worker("gated", { serve: KEEPING });
  expect((await bed.millrace.attach(id).state()).worker).toBe(leaving.id);
  bed.openGate("left");
  bed.openGate("right");

  expect(await leaving.exited).toEqual({ code: 0, signal: null });
  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toEqual(["left", "right"]);
  const { state, events } = await soundHistory(bed.millrace, id);
  expect(state.takeOvers).toBe(0);
  expect(events.findLast((event) => event.type === "Activated")).toMatchObject({
    worker: other.id,
    reason: "released",
  });
  expect(bed.ledger.counts(id)).toEqual({ "first#1": 1, "left#1": 1, "right#1": 1, "last#1": 1 });
});

test("a step that does not end within the grace period is aborted and runs again elsewhere, with no crash counted", async () => {
  const bed = await beds.open();
  const leaving = await bed.worker("gated", { serve: { ...KEEPING, drainGrace: "300ms" } });
  const { id } = await bed.millrace.submit("gated");
  await until("both steps wait at their gates", () => bed.ledger.of(id).length === 3);
  leaving.signal("SIGTERM");
  expect(await leaving.exited).toEqual({ code: 0, signal: null });
  const aborted = bed.ledger.of(id).flatMap((entry) => entry["aborted"] ?? []);
  expect(aborted).toEqual(["left#1", "right#1"]);

  bed.openGate("left");
  bed.openGate("right");
  await bed.worker("gated", { serve: KEEPING });
  await bed.millrace.attach(id).result({ timeout: "60s" });
  expect((await soundHistory(bed.millrace, id)).state.takeOvers).toBe(0);
  expect(bed.ledger.counts(id)).toEqual({ "first#1": 1, "left#1": 2, "right#1": 2, "last#1": 1 });
});
