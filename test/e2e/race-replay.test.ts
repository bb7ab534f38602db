/** Races under crashes at random points: whoever won first has won for ever (I3, I7). */
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/engine/run-event.ts";
import { keepWorkers } from "./support/keep-workers.ts";
import { soundHistory } from "./support/sound-history.ts";
import { testBeds } from "./support/test-bed.ts";

const beds = testBeds();

test("200 races under random crashes end with the winner that the history names first, in every replay (I3, I7)", async () => {
  const bed = await beds.open();
  const runs = await Promise.all(Array.from({ length: 200 }, () => bed.millrace.submit("race")));
  const workers = keepWorkers(2, () =>
    bed.worker("race", { crash: { point: "random", oneIn: 150 }, serve: { concurrency: 40 } }),
  );
  const results = await Promise.all(
    runs.map(({ id }) => bed.millrace.attach(id).result({ timeout: "150s" })),
  );
  await workers.stop();

  let replays = 0;
  for (const [at, { id }] of runs.entries()) {
    const { state, events } = await soundHistory(bed.millrace, id);
    const seen = bed.ledger.of(id).map((entry) => entry["winner"]);
    replays += seen.length - 1;
    expect(new Set([...seen, results[at]])).toEqual(new Set([firstOutcome(events)]));
    expect(state.status).toBe("completed");
  }
  expect(workers.crashes).toBeGreaterThan(0);
  expect(replays).toBeGreaterThan(0);
  expect(new Set(results)).toEqual(new Set(["left", "right", "sleep"]));
});

/** The first of the race's three whose end the history holds. */
function firstOutcome(events: readonly RunEvent[]): string | undefined {
  for (const event of events) {
    if (event.type === "StepCompleted") return event.step.replace("#1", "");
    if (event.type === "TimerFired") return "sleep";
  }
  return undefined;
}
