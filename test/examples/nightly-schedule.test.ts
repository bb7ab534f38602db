import { expect, test } from "vitest";
import { scheduledKey } from "../../src/engine/schedule-keys.ts";
import { openBroker, startExample } from "./support/example.ts";

test("nights that nobody was there for are caught up with, each once and in their order", async () => {
  const { url, millrace } = await openBroker();
  const { code, stdout, stderr } = await startExample(url, "nightly-schedule").finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("nobody is there for three nights");
  expect(stdout).toContain("every night is closed");
  const closed = [...stdout.matchAll(/books of (\S+) closed/g)].map(([, night = ""]) =>
    Date.parse(night),
  );
  expect(closed).toHaveLength(6);
  for (const [index, night] of closed.entries()) {
    expect(night).toBe((closed[0] ?? 0) + index * 2_000);
  }
  const { paused, lastDueAt } = await millrace.schedules.get("nightly");
  expect(paused?.reason).toBe("the example is over");
  // On a slow machine one more night may have begun before the pause.
  expect(lastDueAt?.getTime()).toBeGreaterThanOrEqual(closed.at(-1) ?? Number.NaN);
  for (const night of closed) {
    const run = millrace.attach(`close-books:${scheduledKey("nightly", night)}`);
    expect((await run.state()).closed).toBe(true);
  }
});
