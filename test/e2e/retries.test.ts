/** Attempts are events, with their errors and delays: whoever takes the run over goes on counting (I8). */
import { expect, test } from "vitest";
import { isPlain } from "../../src/engine/payload.ts";
import type { RunEvent } from "../../src/engine/run-event.ts";
import { decodeError } from "../../src/wire/error-codec.ts";
import { soundHistory } from "./support/sound-history.ts";
import { KEEPING, testBeds } from "./support/test-bed.ts";

const beds = testBeds();

test("a task is tried again after each listed delay, the last one repeating, under one idempotency key", async () => {
  const bed = await beds.open();
  await bed.worker("retrying", { serve: KEEPING });
  const run = await bed.millrace.submit("flaky", 4);
  expect(await run.result({ timeout: "60s" })).toBe(4);

  const { events } = await soundHistory(bed.millrace, run.id);
  const failed = failedAttempts(events);
  expect(failed.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(failed.map(delayOf)).toEqual([20, 60, 60]);
  expect(startsEarly(events)).toEqual([]);
  const keys = bed.ledger.of(run.id).map((entry) => entry["key"]);
  expect(keys).toEqual(Array.from({ length: 4 }, () => `${run.id}/flaky#1`));
  const [first] = (await run.details()).steps[0]?.attempts ?? [];
  expect(first?.error).toBeInstanceOf(TypeError);
  expect(first?.error).toMatchObject({
    message: "attempt 1",
    until: 4,
    stack: expect.stringContaining("retrying.mjs"),
    cause: { message: "deep" },
  });
});

test("a task that fails in all its attempts fails its run, unless the flow catches what it threw", async () => {
  const bed = await beds.open();
  await bed.worker("retrying", { serve: KEEPING });
  const run = await bed.millrace.submit("flaky", 9);
  await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({
    code: "RUN_FAILED",
    cause: { name: "TypeError", message: "attempt 4" },
  });
  expect(bed.ledger.counts(run.id)).toEqual({ "flaky#1": 4 });
  const careful = await bed.millrace.submit("careful");
  expect(await careful.result({ timeout: "60s" })).toBe("TypeError: attempt 4, 9, deep");
});

test("FatalError and an error that `when` refuses are not tried again; a `when` that throws fails the step", async () => {
  const bed = await beds.open();
  await bed.worker("retrying", { serve: KEEPING });
  const causes = [
    ["fatal", 1, { name: "FatalError", code: "DECLINED", details: { reason: 7 } }],
    ["picky", 2, { message: "hopeless" }],
    [
      "broken",
      1,
      { message: expect.stringContaining("retry.when"), cause: { message: "when threw" } },
    ],
  ] as const;
  for (const [name, attempts, cause] of causes) {
    const run = await bed.millrace.submit("way", name);
    const failed = { code: "RUN_FAILED", cause };
    await expect(run.result({ timeout: "60s" })).rejects.toMatchObject(failed);
    expect(bed.ledger.counts(run.id)).toEqual({ [`${name}#1`]: attempts });
  }
});

test("RetryAfter sets the next delay in place of the policy's", async () => {
  const bed = await beds.open();
  await bed.worker("retrying", { serve: KEEPING });
  const run = await bed.millrace.submit("way", "later");
  expect(await run.result({ timeout: "60s" })).toBe(2);
  const { events } = await soundHistory(bed.millrace, run.id);
  expect(failedAttempts(events).map(delayOf)).toEqual([700]);
  expect(startsEarly(events)).toEqual([]);
});

test("an attempt that takes too long is aborted, counts as failed, and its late outcome is dropped (I3)", async () => {
  const bed = await beds.open();
  await bed.worker("retrying", { serve: KEEPING });
  const run = await bed.millrace.submit("way", "slow");
  expect(await run.result({ timeout: "60s" })).toBe(2);
  const { events } = await soundHistory(bed.millrace, run.id);
  const [late] = failedAttempts(events);
  if (late === undefined || !isPlain(late.error)) throw new Error("It has no error to read");
  expect(decodeError(late.error)).toMatchObject({ code: "STEP_TIMEOUT", timeoutMs: 300 });
  expect(bed.ledger.of(run.id)).toContainEqual(
    expect.objectContaining({ aborted: "STEP_TIMEOUT" }),
  );
});

test("a jittered delay is drawn once, recorded, and within its bounds", async () => {
  const bed = await beds.open();
  await bed.worker("retrying", { serve: KEEPING });
  const runs = await Promise.all(Array.from({ length: 20 }, () => bed.millrace.submit("spread")));
  const delays: number[] = [];
  for (const run of runs) {
    await run.result({ timeout: "60s" });
    const { events } = await soundHistory(bed.millrace, run.id);
    delays.push(...failedAttempts(events).map(delayOf));
    expect(startsEarly(events)).toEqual([]);
  }
  expect(delays.length).toBe(20);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(200);
  expect(Math.max(...delays)).toBeLessThanOrEqual(600);
  expect(new Set(delays).size).toBeGreaterThan(5);
});

test("a take-over between two attempts goes on counting, and waits for the recorded time (I8)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("retrying", {
    crash: { point: "after-frame", event: "StepAttemptFailed" },
  });
  const { id } = await bed.millrace.submit("patient");
  await first.exited;
  expect(bed.ledger.of(id).map(({ attempt }) => attempt)).toEqual([1]);
  await bed.worker("retrying");
  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe(3);

  const { state, events } = await soundHistory(bed.millrace, id);
  expect(state.takeOvers).toBe(1);
  expect(bed.ledger.of(id, "patient#1").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  const [failed] = failedAttempts(events);
  const second = bed.ledger.of(id).find(({ attempt }) => attempt === 2);
  expect(second?.at).toBeGreaterThanOrEqual(failed?.retryAt ?? Number.POSITIVE_INFINITY);
});

test("an attempt that is cut off by a crash does not count as one (I8)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("retrying", { crash: { point: "before-step", step: "flaky#1" } });
  const { id } = await bed.millrace.submit("flaky", 4);
  await first.exited;
  await bed.worker("retrying");
  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe(4);
  expect(bed.ledger.of(id).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
});

type FailedAttempt = Extract<RunEvent, { type: "StepAttemptFailed" }>;

function failedAttempts(events: readonly RunEvent[]): readonly FailedAttempt[] {
  return events.filter((event) => event.type === "StepAttemptFailed");
}

/** The delay that was drawn, to the nearest 10 ms: it was drawn just before the event got its time. */
function delayOf({ at, retryAt }: FailedAttempt): number {
  return Math.round((retryAt - at) / 10) * 10;
}

/** Attempts that started before the time that was recorded for them. */
function startsEarly(events: readonly RunEvent[]): readonly RunEvent[] {
  return events.filter((event) => {
    if (!("startedAt" in event)) return false;
    const before = failedAttempts(events).find(
      ({ step, attempt }) => step === event.step && attempt === event.attempt - 1,
    );
    return before !== undefined && event.startedAt < before.retryAt;
  });
}
