/** What a saga has done is undone when it fails or is cancelled: the last first, durably, by steps like any other. */
import { once } from "node:events";
import { pino } from "pino";
import { expect, test } from "vitest";
import { CancelledError, FatalError, flow, serve, task } from "../../src/index.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });

/** A task that notes what it does and undoes. */
function noted(name: string, notes: string[], undo?: (attempt: number) => void) {
  return task(
    name,
    {
      retry: { attempts: 3, delays: ["5ms"] },
      compensate: (output: string, input: number, { attempt }) => {
        undo?.(attempt);
        notes.push(`undo ${output} of ${input}`);
      },
    },
    (input: number) => {
      notes.push(`${name} ${input}`);
      return `${name}!`;
    },
  );
}

async function run(bed: TestBed, definition: ReturnType<typeof flow<undefined>>) {
  const worker = await serve([definition], { connection: bed.millrace, log, suspendAfter: "50ms" });
  const handle = await bed.millrace.submit(definition);
  const error = await handle.result({ timeout: "60s" }).catch((thrown: unknown) => thrown);
  await worker.drain();
  return { handle, error: error as Error & { code?: string; errors?: Error[] } };
}

test("a failed saga undoes what it completed, the last first, and throws on what brought it down", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const [flight, hotel] = [noted("flight", notes), noted("hotel", notes)];
  const trip = flow("trip", async (ctx) => {
    await ctx.run(noted("before", notes), 0);
    await ctx.saga(async (saga) => {
      await saga.run(flight, 1);
      await saga.run(hotel, 2);
      saga.compensate("tell", () => notes.push("told"));
      await saga.step("car", () => {
        throw new FatalError("NO_CAR", "no car");
      });
    });
  });
  const { handle, error } = await run(bed, trip);
  expect(error).toMatchObject({ code: "RUN_FAILED", cause: { message: "no car" } });
  expect(notes).toEqual([
    "before 0",
    "flight 1",
    "hotel 2",
    "told",
    "undo hotel! of 2",
    "undo flight! of 1",
  ]);
  const { steps } = await handle.details();
  expect(steps.map(({ id }) => id)).toContain("hotel.compensate#1");
});

test("a saga that succeeds undoes nothing", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const flight = noted("flight", notes);
  const trip = flow("trip", (ctx) => ctx.saga((saga) => saga.run(flight, 1)).then(() => undefined));
  const { error } = await run(bed, trip);
  expect(error).toBeUndefined();
  expect(notes).toEqual(["flight 1"]);
});

test("what is under way when a saga fails is undone too if it completes", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const flight = noted("flight", notes);
  const trip = flow("trip", async (ctx) => {
    await ctx.saga(async (saga) => {
      const late = flow("late", async (inner) => {
        await inner.sleep("50ms");
        await inner.run(flight, 7);
      });
      const failing = saga.step("bad", async () => {
        throw new FatalError("BAD", "bad");
      });
      await Promise.all([saga.run(flight, 1), failing, saga.run(late)]);
    });
  });
  const { error } = await run(bed, trip);
  expect(error).toMatchObject({ cause: { message: "bad" } });
  expect(notes).toContain("undo flight! of 1");
});

test("a compensation that fails for good fails the run with both errors, and the others are still undone", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const flight = noted("flight", notes);
  const stuck = noted("stuck", notes, () => {
    throw new Error("cannot be undone");
  });
  const trip = flow("trip", async (ctx) => {
    await ctx.saga(async (saga) => {
      await saga.run(flight, 1);
      await saga.run(stuck, 2);
      throw new TypeError("the reason");
    });
  });
  const { handle, error } = await run(bed, trip);
  const cause = error.cause as typeof error;
  expect(cause).toMatchObject({ name: "CompensationFailedError", code: "COMPENSATION_FAILED" });
  expect(cause.errors?.map(({ message }) => message)).toEqual(["the reason", "cannot be undone"]);
  expect(notes).toEqual(["flight 1", "stuck 2", "undo flight! of 1"]);
  const undo = (await handle.details()).steps.find(({ id }) => id === "stuck.compensate#1");
  expect(undo).toMatchObject({ status: "failed", attempts: { length: 3 } });
});

test("a compensation is tried again until it succeeds", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const flaky = noted("flaky", notes, (attempt) => {
    if (attempt < 3) throw new Error("not yet");
  });
  const trip = flow("trip", async (ctx) => {
    await ctx.saga(async (saga) => {
      await saga.run(flaky, 1);
      throw new Error("down");
    });
  });
  const { error } = await run(bed, trip);
  expect(error).toMatchObject({ cause: { message: "down" } });
  expect(notes).toEqual(["flaky 1", "undo flaky! of 1"]);
});

test("a cancelled saga is undone, across a suspension, and a second cancellation does not stop that", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const flight = noted("flight", notes);
  let heard: unknown;
  let letGo: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const trip = flow("trip", async (ctx) => {
    try {
      await ctx.saga(async (saga) => {
        await saga.run(flight, 1);
        saga.compensate("slow", () => gate);
        await saga.sleep("1h");
      });
    } catch (error) {
      heard = error;
      throw error;
    }
  });
  const worker = await serve([trip], { connection: bed.millrace, log, suspendAfter: "20ms" });
  const handle = await bed.millrace.submit(trip);
  await until("it is suspended", async () => (await handle.state()).status === "suspended");
  await handle.cancel("changed my mind");
  await until("it is being undone", async () =>
    (await handle.details()).steps.some(({ id }) => id === "slow#1"),
  );
  await handle.cancel("again");
  letGo?.();
  await expect(handle.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  expect(heard).toBeInstanceOf(CancelledError);
  expect(notes).toEqual(["flight 1", "undo flight! of 1"]);
  await worker.drain();
});

test("a run that failed through a saga is not continued on top of what was undone", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const flight = noted("flight", notes);
  let cars = 0;
  const trip = flow("trip", (ctx) =>
    ctx.saga(async (saga) => {
      await saga.run(flight, 1);
      await saga.step("car", () => {
        if (cars++ === 0) throw new FatalError("NO_CAR", "no car");
      });
    }),
  );
  const worker = await serve([trip], { connection: bed.millrace, log });
  const handle = await bed.millrace.submit(trip);
  await handle.result().catch(() => undefined);
  await handle.resume();
  await until("it has ended again", async () => {
    const { epoch, closed } = await handle.state();
    return epoch === 2 && closed;
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { message: "no car" } });
  expect(notes).toEqual(["flight 1", "undo flight! of 1"]);
  expect(cars).toBe(1);
  await worker.drain();
});

test("a shielded step of a saga is let finish by a cancellation, and then undone like the others", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const finish = new AbortController();
  const charge = task(
    "charge",
    { compensate: (receipt: string) => notes.push(`refund ${receipt}`) },
    async () => {
      notes.push("charge");
      await once(finish.signal, "abort");
      return "receipt";
    },
  );
  const trip = flow("trip", (ctx) =>
    ctx.saga(async (saga) => {
      await saga.shield((safe) => safe.run(charge));
      await saga.sleep("1h");
    }),
  );
  const worker = await serve([trip], { connection: bed.millrace, log });
  const handle = await bed.millrace.submit(trip);
  await until("it charges, and that is recorded", async () => {
    const { steps } = await handle.details();
    return steps.length > 0;
  });
  await handle.cancel("changed my mind");
  await until("it has heard", async () => (await handle.state()).status === "cancelling");
  finish.abort();
  await expect(handle.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  expect(notes).toEqual(["charge", "refund receipt"]);
  await worker.drain();
});

test("what an inner saga did is undone with the rest when the outer one fails later", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const [flight, hotel] = [noted("flight", notes), noted("hotel", notes)];
  const trip = flow("trip", async (ctx) => {
    await ctx.saga(async (outer) => {
      await outer.run(flight, 1);
      await outer.saga((inner) => inner.run(hotel, 2));
      throw new TypeError("the outer one");
    });
  });
  const { error } = await run(bed, trip);
  expect(error).toMatchObject({ cause: { message: "the outer one" } });
  expect(notes).toEqual(["flight 1", "hotel 2", "undo hotel! of 2", "undo flight! of 1"]);
});
