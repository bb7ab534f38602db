import { expect, test } from "vitest";
import { check } from "./support/check.ts";
import type { Plan } from "./support/drill.ts";

/** Plans that once found something, as small as they could be made. */
const base: Plan = {
  program: { type: "step", name: "a", failures: 0, attempts: 1, fatal: false, ms: 0 },
  runs: 1,
  workers: 2,
  concurrency: 1,
  seed: 0,
  lostHints: 0,
  writeFaults: [],
  timedFaults: [],
};

test("a frame that lands late is not taken for the one that the same worker sent after it (I3)", async () => {
  const checked = check({
    ...base,
    seed: 430_994_171,
    writeFaults: [{ nth: 1, fault: { fate: "stored late", lateMs: 1_200 }, pauseMs: 0 }],
    timedFaults: [{ atMs: 12, worker: 0, fault: "lapse", pauseMs: 0 }],
  });
  await expect(checked).resolves.toBeUndefined();
});
