/** A worker that is stopped for longer than its lease, and wakes up after another one took its run over. */
import { expect, test } from "vitest";
import type { RunHandle } from "../../src/client/run-handle.ts";
import { soundHistory } from "./support/sound-history.ts";
import { LEASE_MS, type TestBed, testBeds, type WorkerProcess } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

test("a worker that wakes up after its run was finished elsewhere has its late write refused, and works on (I2, I3)", async () => {
  const { bed, run, sleeper, other } = await takenOver();
  bed.openGate("left", other);
  bed.openGate("right", other);
  expect(await run.result({ timeout: "60s" })).toEqual(FINISHED);
  const { frames } = await run.details();

  sleeper.signal("SIGCONT");
  await writesTooLate(bed, run, sleeper);
  expect((await run.details()).frames).toEqual(frames);
  await soundHistory(bed.millrace, run.id);
  expect(bed.ledger.counts(run.id)).toEqual(COUNTS);
  await worksOn(bed, sleeper, other);
});

test("a worker that wakes up while another holds its run has its late write refused, and the other finishes (I2, I3)", async () => {
  const { bed, run, sleeper, other } = await takenOver();
  sleeper.signal("SIGCONT");
  await writesTooLate(bed, run, sleeper);
  bed.openGate("left", other);
  bed.openGate("right", other);

  expect(await run.result({ timeout: "60s" })).toEqual(FINISHED);
  await hasChangedHandsOnce(bed, run, sleeper, other);
  await worksOn(bed, sleeper, other);
});

test("a worker that was stopped alone for two leases finishes its run all the same, with nothing recorded twice (I1, I3)", async () => {
  const bed = await beds.open();
  const { run, sleeper } = await stoppedInTwoSteps(bed);
  const stoppedAt = Date.now();
  await until("two leases are over", () => Date.now() > stoppedAt + 2 * LEASE_MS);
  sleeper.signal("SIGCONT");
  bed.openGate("left");
  bed.openGate("right");

  expect(await run.result({ timeout: "60s" })).toEqual(FINISHED);
  await soundHistory(bed.millrace, run.id);
  // Its leases may be renewed in time, or its own token come again: then it takes the run up anew.
  const { "left#1": left, "right#1": right, ...others } = bed.ledger.counts(run.id);
  expect(others).toEqual({ "first#1": 1, "last#1": 1 });
  expect(Math.max(left ?? 0, right ?? 0)).toBeLessThanOrEqual(2);
  await bed.queueIsDone("gated");
});

const FINISHED = ["left", "right"];
const COUNTS = { "first#1": 1, "left#1": 2, "right#1": 2, "last#1": 1 };
const LOST = "LEASE_LOST";

interface TakenOver {
  readonly bed: TestBed;
  readonly run: RunHandle;
  /** Stopped, with two steps of the run going. */
  readonly sleeper: WorkerProcess;
  /** Has the run now, with the same two steps going. */
  readonly other: WorkerProcess;
}

async function takenOver(): Promise<TakenOver> {
  const bed = await beds.open();
  const { run, sleeper } = await stoppedInTwoSteps(bed);
  const stoppedAt = Date.now();
  // Nothing is on its way to the sleeper, so it learns of its loss by what it writes.
  await bed.nobodyAsks("gated");
  const other = await bed.worker("gated");
  await until("the other worker has both steps going", () => {
    const steps = bed.ledger.of(run.id).filter(({ pid, step }) => pid === other.pid && step);
    return steps.length === 2 && Date.now() > stoppedAt + 2 * LEASE_MS;
  });
  return { bed, run, sleeper, other };
}

async function stoppedInTwoSteps(bed: TestBed): Promise<Pick<TakenOver, "run" | "sleeper">> {
  // With one slot, which is taken, it asks for no further run.
  const sleeper = await bed.worker("gated", { serve: { concurrency: 1 } });
  const { id } = await bed.millrace.submit("gated");
  const run = bed.millrace.attach(id);
  // Both are recorded as started: their ends are all that is left to write.
  await until("both steps wait at their gates", async () => {
    const { steps } = await run.details();
    return steps.filter(({ status }) => status === "running").length === 2;
  });
  sleeper.signal("SIGSTOP");
  return { run, sleeper };
}

/** Its left step ends, and is refused when it is recorded; then its right step is aborted. */
async function writesTooLate(bed: TestBed, run: RunHandle, sleeper: WorkerProcess): Promise<void> {
  bed.openGate("left", sleeper);
  await sleeper.reported("its late write is refused", ({ refused }) => refused === run.id);
  const aborted = await until("the step that still runs is aborted", () =>
    bed.ledger.of(run.id).find((entry) => "aborted" in entry),
  );
  expect(aborted).toMatchObject({ pid: sleeper.pid, aborted: "right#1", because: LOST });
  await until("it says so", () =>
    /taken over by worker .* \(epoch 2\)\. This worker drops it/.test(sleeper.log),
  );
}

async function hasChangedHandsOnce(
  bed: TestBed,
  run: RunHandle,
  sleeper: WorkerProcess,
  other: WorkerProcess,
): Promise<void> {
  const { state, events } = await soundHistory(bed.millrace, run.id);
  expect(state.takeOvers).toBe(1);
  const workers = events.flatMap((event) => (event.type === "Activated" ? [event.worker] : []));
  expect(workers).toEqual([sleeper.id, other.id]);
  expect(bed.ledger.counts(run.id)).toEqual(COUNTS);
}

async function worksOn(bed: TestBed, sleeper: WorkerProcess, other: WorkerProcess): Promise<void> {
  await other.kill();
  const run = await bed.millrace.submit("quick", "new work");
  expect(await run.result({ timeout: "60s" })).toBe("new work");
  expect(bed.ledger.of(run.id).map(({ pid }) => pid)).toEqual([sleeper.pid]);
}
