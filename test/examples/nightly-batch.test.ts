import { expect, test } from "vitest";
import type { RunDetails } from "../../src/index.ts";
import { openBroker, startExample } from "./support/example.ts";

const CUSTOMERS = 60;

test("a batch starts at its time, four at once, and tells the one that failed; sent twice, it is done once", async () => {
  const { url, millrace } = await openBroker();
  const { code, stdout, stderr } = await startExample(url, "nightly-batch", String(CUSTOMERS))
    .finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`${CUSTOMERS} statements wait for`);
  expect(stdout).toContain(`${CUSTOMERS - 1} of ${CUSTOMERS} made`);
  const [, night = ""] =
    /statement:(\S+)-customer-13: .*customer-13 has no account/.exec(stdout) ?? [];

  const again = await startExample(url, "nightly-batch", String(CUSTOMERS)).finished;
  expect(again.stdout).toContain(`${CUSTOMERS - 1} of ${CUSTOMERS} made`);

  const runs = await Promise.all(
    Array.from({ length: CUSTOMERS }, async (_, at) =>
      millrace.attach(`statement:${night}-customer-${at + 1}`).details(),
    ),
  );
  const attempts = runs.flatMap(({ steps }) => steps.flatMap((step) => step.attempts));
  // Those whose number ends with 7 needed a second attempt; nothing else ran twice.
  expect(attempts).toHaveLength(CUSTOMERS + CUSTOMERS / 10);
  expect(mostAtOnce(attempts)).toBeLessThanOrEqual(4);
  for (const { timers, steps } of runs) {
    const started = steps[0]?.attempts[0]?.startedAt;
    // Its delayed start is a timer like any other.
    expect(timers).toHaveLength(1);
    expect(Number(started)).toBeGreaterThanOrEqual(Number(timers[0]?.fireAt));
  }
});

/** How many of these attempts were under way at the same time, at the most. */
function mostAtOnce(attempts: RunDetails["steps"][number]["attempts"]): number {
  const changes = attempts.flatMap(({ startedAt, durationMs = 0 }) => [
    { at: startedAt.getTime(), by: 1 },
    { at: startedAt.getTime() + durationMs, by: -1 },
  ]);
  // Ends before starts: one that ends in a millisecond makes room for one that starts in it.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  return Math.max(...changes.map(({ by }) => (now += by)));
}
