/** Flows that change while their runs are open: `ctx.patch` keeps each run on the path that it began (I7). */
import { expect, test } from "vitest";
import type { RunHandle } from "../../src/client/run-handle.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

/** A run that this code has weighed, and that waits for the truck. */
async function atTheTruck(bed: TestBed): Promise<RunHandle> {
  const run: RunHandle = await bed.millrace.submit("parcel");
  await until("it waits for the truck", () => bed.ledger.of(run.id, "collect#1").length === 1);
  return run;
}

test("a run that was open when a step was added keeps its path, a new one takes the new path, across kill -9 (I7)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("patched-old");
  const old = await atTheTruck(bed);
  expect((await old.details()).version).toBe("1");
  await first.kill();

  const second = await bed.worker("patched-new");
  const fresh = await atTheTruck(bed);
  await until("the old run was taken over", () => bed.ledger.of(old.id, "collect#1").length === 2);
  await second.kill();

  await bed.worker("patched-new");
  bed.openGate("truck");
  expect(await old.result({ timeout: "60s" })).toBe("old");
  expect(await fresh.result({ timeout: "60s" })).toBe("new");
  expect(bed.ledger.counts(old.id)).toEqual({
    "pack#1": 1,
    "weigh#1": 1,
    "collect#1": 3,
    "send#1": 1,
  });
  expect(bed.ledger.counts(fresh.id)).toMatchObject({ "pack#1": 1, "insure#1": 1, "send#1": 1 });
  expect(await old.details()).toMatchObject({ version: "2", patches: [] });
  expect(await fresh.details()).toMatchObject({ version: "2", patches: ["insure"] });
});

test("a run that went by a patch is parked by the code before it, and goes on with the code that has it (I7)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("patched-new");
  const run = await atTheTruck(bed);
  await first.kill();

  const second = await bed.worker("patched-old");
  await until("it is parked", async () => (await run.state()).status === "parked");
  await second.kill();

  await bed.worker("patched-new");
  bed.openGate("truck");
  expect(await bed.millrace.resumeWhere({ flow: "parcel", status: "parked" })).toBe(1);
  expect(await run.result({ timeout: "60s" })).toBe("new");
});

test("a flow that throws in a replay where its history goes on parks the run, and does not fail it (I7)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("patched-old");
  const run = await atTheTruck(bed);
  await first.kill();

  const second = await bed.worker("patched-throws");
  await until("it is parked", async () => (await run.state()).status === "parked");
  const { parked, version } = await run.details();
  expect(parked).toMatchObject({ reason: "mismatch", step: "weigh#1" });
  expect(version).toBe("3");
  await second.kill();

  await bed.worker("patched-old");
  bed.openGate("truck");
  expect(await bed.millrace.resumeWhere({ flow: "parcel", status: "parked" })).toBe(1);
  expect(await run.result({ timeout: "60s" })).toBe("old");
  expect(bed.ledger.counts(run.id)).toMatchObject({ "pack#1": 1, "send#1": 1 });
});

test("a run whose history ends before the patch takes the new path, whatever code began it", async () => {
  const bed = await beds.open();
  const first = await bed.worker("patched-old", {
    crash: { point: "before-step", step: "weigh#1" },
  });
  const { id } = await bed.millrace.submit("parcel");
  await first.exited;
  await bed.worker("patched-new");
  bed.openGate("truck");
  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe("new");
  expect(bed.ledger.counts(id)).toMatchObject({ "pack#1": 1, "insure#1": 1, "weigh#1": 1 });
});
