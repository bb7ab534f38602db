/** A run that kills its workers has a budget for that, so that it cannot kill the fleet (I8, I11). */
import { expect, test } from "vitest";
import { keepWorkers } from "./support/keep-workers.ts";
import { soundHistory } from "./support/sound-history.ts";
import { testBeds } from "./support/test-bed.ts";

const beds = testBeds();

test("a run that kills its worker each time is closed as crashed, and its code is not run again until it is resumed (I8)", async () => {
  const bed = await beds.open();
  const run = bed.millrace.attach((await bed.millrace.submit("poison")).id);
  const healthy = await Promise.all(
    Array.from({ length: 10 }, () => bed.millrace.submit("healthy", 20)),
  );
  const workers = keepWorkers(1, () => bed.worker("poison"));
  await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({
    code: "RUN_CRASHED",
    crashes: 3,
  });
  const others = healthy.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  expect(await Promise.all(others)).toEqual(healthy.map(() => 20));

  // Three workers died on it: the first one, and as many more as the limit allows.
  const { state } = await soundHistory(bed.millrace, run.id);
  expect(state).toMatchObject({ status: "crashed", crashes: 3, takeOvers: 3 });
  await bed.queueIsDone("poison");
  expect(bed.ledger.counts(run.id)).toEqual({ "prepare#1": 1, "swallow#1": 3 });
  expect(workers.crashes).toBe(3);
  await workers.stop();

  await bed.worker("poison", { env: { ANTIDOTE: "yes" } });
  await run.resume();
  await bed.closesAgain(run);
  expect(await run.result()).toBe("prepared and survived");
  expect(bed.ledger.counts(run.id)).toEqual({ "prepare#1": 1, "swallow#1": 4 });
});

test("a run resumed without a fix has a whole new crash budget, and no more (I8)", async () => {
  const bed = await beds.open();
  const run = bed.millrace.attach((await bed.millrace.submit("poison")).id);
  const workers = keepWorkers(1, () => bed.worker("poison"));
  await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_CRASHED" });
  await run.resume();
  await bed.closesAgain(run);
  await workers.stop();
  await expect(run.result()).rejects.toMatchObject({ code: "RUN_CRASHED", crashes: 3 });
  expect(bed.ledger.counts(run.id)).toEqual({ "prepare#1": 1, "swallow#1": 6 });
});

test("a run that kills its worker before anything is recorded is closed as crashed as well (I8)", async () => {
  const bed = await beds.open();
  const run = bed.millrace.attach((await bed.millrace.submit("instant")).id);
  const workers = keepWorkers(1, () => bed.worker("poison"));
  await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_CRASHED" });
  await workers.stop();
  // The first death left no trace in the history, so it is not counted.
  expect(bed.ledger.counts(run.id)).toEqual({ "swallow#1": 4 });
});
