import { expect, test } from "vitest";
import { check } from "./support/check.ts";
import type { Plan } from "./support/plan.ts";

/** Plans that once found something, as small as they could be made. */
const base: Plan = {
  program: { type: "step", name: "a", failures: 0, attempts: 1, fatal: false, ms: 0 },
  shared: { program: { type: "sequence", nodes: [] }, atMs: 0 },
  runs: 1,
  delayMs: 0,
  deadlineMs: 0,
  workers: 2,
  concurrency: 1,
  suspendAfterMs: 30_000,
  seed: 0,
  lostHints: 0,
  signals: [],
  stops: [],
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

test("a run that waits for one that ends in its first frame is told, though that one never looked at its inbox (I6)", async () => {
  const checked = check({
    ...base,
    program: { type: "catch", body: { type: "attach" }, handler: base.program },
    workers: 1,
    suspendAfterMs: 0,
    seed: 35_195,
    stops: [{ atMs: 0, run: 0, how: "cancel" }],
  });
  await expect(checked).resolves.toBeUndefined();
});

test("a message that waited to be looked at again, and is somebody else's by then, becomes no token (I4)", async () => {
  const plan: Plan = {
    ...base,
    delayMs: 6_000,
    suspendAfterMs: 0,
    seed: 1_074_234_406,
    signals: [{ atMs: 0, signal: "x", twice: false }],
    writeFaults: [{ nth: 1, fault: "pause after", pauseMs: 300 }],
    timedFaults: [{ atMs: 40, worker: 0, fault: "lapse", pauseMs: 300 }],
  };
  await expect(check(plan, true)).resolves.toBeUndefined();
});

test("a message that was under way to a stopped worker when its lease ran out becomes no token (I4)", async () => {
  const plan: Plan = {
    ...base,
    program: { type: "attach" },
    shared: { program: { type: "receive", signal: "x", timeoutMs: 0 }, atMs: 0 },
    suspendAfterMs: 0,
    seed: 2_146_434_806,
    timedFaults: [
      { atMs: 1_101, worker: 0, fault: "lapse", pauseMs: 300 },
      { atMs: 98, worker: 0, fault: "pause", pauseMs: 1_500 },
    ],
  };
  await expect(check(plan, true)).resolves.toBeUndefined();
});

test("a flow that had ended before it was to stop has completed, in a replay too (I7)", async () => {
  const checked = check({
    ...base,
    program: {
      type: "race",
      nodes: [
        base.program,
        {
          type: "child",
          body: base.program,
          use: "result",
          onParentClose: "",
          delayMs: 0,
          deadlineMs: 0,
        },
      ],
    },
    deadlineMs: 100,
    workers: 1,
    suspendAfterMs: 0,
    writeFaults: [{ nth: 1, fault: "crash after", pauseMs: 300 }],
  });
  await expect(checked).resolves.toBeUndefined();
});
