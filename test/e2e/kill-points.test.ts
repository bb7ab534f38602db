/** A worker is killed with -9 at each named point of a run's life, and another one finishes what it had begun. */
import { expect, test } from "vitest";
import { soundHistory } from "./support/sound-history.ts";
import { type CrashPoint, testBeds } from "./support/test-bed.ts";

const beds = testBeds();

interface Case {
  readonly point: string;
  readonly crash: CrashPoint;
  /** Steps of which one more execution is allowed, and happens: their effect was there and their frame was not. */
  readonly repeated: readonly string[];
}

const FIRST = "add#1";
const MIDDLE = "add#2";
const LAST = "add#3";

const cases: readonly Case[] = [
  ...[FIRST, MIDDLE].flatMap((step): readonly Case[] => [
    { point: `before step ${step}`, crash: { point: "before-step", step }, repeated: [] },
    {
      point: `after the effect of ${step} and before its frame`,
      crash: { point: "before-frame", event: "StepCompleted", step },
      repeated: [step],
    },
    {
      point: `after the frame of ${step} and before the flow goes on`,
      crash: { point: "after-frame", event: "StepCompleted", step },
      repeated: [],
    },
  ]),
  {
    point: "before the closing frame",
    crash: { point: "before-frame", event: "Completed" },
    repeated: [],
  },
  {
    point: "after the closing frame and before the ack of its token",
    crash: { point: "after-frame", event: "Completed" },
    repeated: [],
  },
];

test.for(cases)(
  "killed $point, a run is finished by another worker and no recorded step runs again (I3, I4)",
  async ({ crash, repeated }) => {
    const bed = await beds.open();
    const first = await bed.worker("steps", { crash });
    const { id } = await bed.millrace.submit("steps", { count: 3 });
    expect(await first.exited).toEqual({ code: null, signal: "SIGKILL" });
    await bed.worker("steps");

    expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe(6);
    const wanted = [FIRST, MIDDLE, LAST].map((step) => [step, repeated.includes(step) ? 2 : 1]);
    expect(bed.ledger.counts(id)).toEqual(Object.fromEntries(wanted));
    // The token that the killed worker left came again, and was acked without a further step.
    await bed.queueIsDone("steps");
    expect(bed.ledger.counts(id)).toEqual(Object.fromEntries(wanted));
    await soundHistory(bed.millrace, id);
  },
);

test("killed with ten steps in flight, a run repeats those that had no frame, and only those (I3)", async () => {
  const bed = await beds.open();
  const crash = { point: "before-frame", event: "StepCompleted", step: "add#8" } as const;
  const first = await bed.worker("steps", { crash });
  const { id } = await bed.millrace.submit("fan", { count: 10 });
  await first.exited;
  const { steps: known } = await bed.millrace.attach(id).details();
  // On a slow machine the others may be recorded as begun.
  const recorded = known.flatMap((step) => (step.status === "completed" ? [step.id] : []));
  await bed.worker("steps");

  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe(55);
  const steps = Object.keys(bed.ledger.counts(id));
  const wanted = steps.map((step) => [step, recorded.includes(step) ? 1 : 2]);
  expect(bed.ledger.counts(id)).toEqual(Object.fromEntries(wanted));
  await soundHistory(bed.millrace, id);
});

test("a submitted task whose worker is killed before its frame is run again by another worker (I1)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("steps", {
    crash: { point: "before-frame", event: "StepCompleted" },
  });
  const { id } = await bed.millrace.submit("add", { to: 1, number: 2 });
  await first.exited;
  await bed.worker("steps");

  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe(3);
  expect(bed.ledger.counts(id)).toEqual({ "add#1": 2 });
  await soundHistory(bed.millrace, id);
});

test("killed in the middle of 40 runs, a worker's runs are finished by one that ran beside it (I1, I3)", async () => {
  const bed = await beds.open();
  // With room for half of them each.
  const serve = { concurrency: 20 };
  const crash = { point: "before-step", step: "add#5" } as const;
  const [first] = await Promise.all([
    bed.worker("steps", { serve, crash }),
    bed.worker("steps", { serve }),
  ]);
  const keys = Array.from({ length: 40 }, (_, at) => `run-${at}`);
  const runs = await Promise.all(
    keys.map((key) => bed.millrace.submit("steps", { count: 10, ms: 30 }, { key })),
  );
  expect(await first.exited).toEqual({ code: null, signal: "SIGKILL" });

  const results = runs.map((run) => bed.millrace.attach(run.id).result({ timeout: "60s" }));
  expect(await Promise.all(results)).toEqual(keys.map(() => 55));
  let takeOvers = 0;
  for (const { id } of runs) {
    const { state } = await soundHistory(bed.millrace, id);
    takeOvers += state.takeOvers;
    const repeated = Object.entries(bed.ledger.counts(id)).filter(([, count]) => count > 1);
    expect(repeated.length).toBeLessThanOrEqual(1);
  }
  expect(takeOvers).toBeGreaterThan(0);
});
