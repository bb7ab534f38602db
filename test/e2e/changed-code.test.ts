/** Runs that cannot go on with the code that is there: parked or failed, visible, and continued by hand (I7). */
import protobuf from "protobufjs/minimal.js";
import { expect, test } from "vitest";
import { parseRunId } from "../../src/engine/run-id.ts";
import { messages } from "../../src/wire/messages.ts";
import { Subjects } from "../../src/wire/subjects.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

test("a run whose code was changed is parked, others go on, and the right code continues it where it was (I7)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("version-1");
  const { id } = await bed.millrace.submit("order", 21);
  const run = bed.millrace.attach(id);
  await until("it waits for the approval", () => bed.ledger.of(id, "approve#1").length === 1);
  await first.kill();

  const second = await bed.worker("version-2");
  await isParked(bed, id);
  expect((await run.details()).parked).toMatchObject({
    reason: "mismatch",
    expected: "StepCompleted of step price#1",
    asked: "step quote#1",
    step: "price#1",
  });
  bed.openGate("approval");
  const fresh = await bed.millrace.submit("order", 4);
  expect(await fresh.result({ timeout: "60s" })).toBe(8);
  await bed.queueIsDone("order");
  expect((await run.state()).status).toBe("parked");
  await second.kill();

  await bed.worker("version-1");
  await run.resume();
  expect(await run.result({ timeout: "60s" })).toBe(42);
  const { parked, status } = await run.details();
  expect({ parked, status }).toEqual({ parked: undefined, status: "completed" });
  expect(bed.ledger.counts(id)).toEqual({ "price#1": 1, "approve#1": 2, "ship#1": 1 });
});

test("a parked run that is resumed with the same wrong code is parked again, and loses nothing (I7)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("version-1");
  const { id } = await bed.millrace.submit("order", 21);
  const run = bed.millrace.attach(id);
  await until("it waits for the approval", () => bed.ledger.of(id, "approve#1").length === 1);
  await first.kill();
  await bed.worker("version-2");
  await isParked(bed, id);
  const { epoch } = await run.state();
  await run.resume();
  await until("it was taken up and parked again", async () => {
    const state = await run.state();
    return state.status === "parked" && state.epoch > epoch;
  });
  expect(bed.ledger.counts(id)).toEqual({ "price#1": 1, "approve#1": 1 });
});

const unknown = [
  {
    what: "an event that no version knows",
    frame: (): Uint8Array => frameWith({ format: 1, event: unknownEvent() }),
  },
  {
    what: "a frame of a newer format",
    frame: (): Uint8Array => frameWith({ format: 2, event: unknownEvent() }),
  },
];

test.for(unknown)(
  "a history with $what parks its run alone, visibly (I7, I11)",
  async ({ frame }) => {
    const bed = await beds.open();
    const run = await bed.millrace.submit("order", 1);
    await bed.publish(historyOf(bed, run.id), frame());
    bed.openGate("approval");
    await bed.worker("version-1");

    await isParked(bed, run.id);
    expect((await run.details()).parked).toMatchObject({ reason: "unknown-event" });
    const fresh = await bed.millrace.submit("order", 4);
    expect(await fresh.result({ timeout: "60s" })).toBe(8);
    expect(bed.ledger.of(run.id)).toEqual([]);
  },
);

test("a failed run that is resumed after a fix goes on at the step that failed, and repeats no other (I3)", async () => {
  const bed = await beds.open();
  const wrong = await bed.worker("failing");
  const { id } = await bed.millrace.submit("failing", "why");
  const run = bed.millrace.attach(id);
  await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_FAILED" });
  await wrong.kill();
  expect(bed.ledger.counts(id)).toEqual({ "before#1": 1, "wrong#1": 1 });

  await bed.worker("failing", { env: { FIXED: "yes" } });
  expect((await run.state()).status).toBe("failed");
  await run.resume();
  await bed.closesAgain(run);
  expect(await run.result()).toBe("why, attempt 2");
  expect(bed.ledger.counts(id)).toEqual({ "before#1": 1, "wrong#1": 2, "after#1": 1 });
  await expect(run.resume()).rejects.toMatchObject({ code: "RUN_NOT_RESUMABLE" });
});

async function isParked(bed: TestBed, id: string): Promise<void> {
  const run = bed.millrace.attach(id);
  await until(`${id} is parked`, async () => (await run.state()).status === "parked");
}

function historyOf(bed: TestBed, id: string): string {
  return new Subjects(bed.namespace, [1]).history(parseRunId(id));
}

/** A first frame with this event, as a worker that has left would have written it. */
function frameWith({ format, event }: { format: number; event: Uint8Array }): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.raw(
    messages.Frame.encode({
      format,
      epoch: 1,
      writer: "somebody",
      status: RELEASED,
      token: 1,
      queue: "order",
    }).finish(),
  );
  return writer.uint32(FRAME_EVENTS).bytes(event).finish();
}

const RELEASED = 5;
const LENGTH_DELIMITED = 2;
const FRAME_EVENTS = (9 << 3) | LENGTH_DELIMITED;
const NO_BODY_YET = (1_000 << 3) | LENGTH_DELIMITED;

function unknownEvent(): Uint8Array {
  return protobuf.Writer.create()
    .uint32(NO_BODY_YET)
    .bytes(new Uint8Array([1, 2, 3]))
    .finish();
}
