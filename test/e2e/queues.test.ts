/** Runs that wait for somebody who serves them, queues that several flows share, and consumers that were lost. */
import { expect, onTestFinished, test } from "vitest";
import { streamName } from "../../src/wire/subjects.ts";
import { soundHistory } from "./support/sound-history.ts";
import { KEEPING, type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

test("a submission to a flow that nobody serves waits, and runs as soon as somebody does (I1)", async () => {
  const bed = await beds.open();
  const run = await bed.millrace.submit("quick", "patience");
  expect((await run.state()).status).toBe("pending");
  await expect(run.result({ timeout: "100ms" })).rejects.toMatchObject({ code: "RESULT_TIMEOUT" });
  await bed.worker("gated");
  expect(await run.result({ timeout: "60s" })).toBe("patience");
});

test("a flow that a worker of a shared queue does not know blocks nobody, and runs where it is known (I1, I11)", async () => {
  const bed = await beds.open();
  const submit = (name: string, input: number) =>
    bed.millrace.submit(name, input, { queue: "shared" });
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const [as, bs] = await Promise.all(
    ["a", "b"].map((name) => Promise.all(numbers.map((number) => submit(name, number)))),
  );
  await bed.worker("pair-a", { serve: { ...KEEPING, queues: ["shared"], concurrency: 2 } });
  const results = as?.map((run) => run.result({ timeout: "60s" })) ?? [];
  expect(await Promise.all(results)).toEqual(numbers.map((number) => `a of ${number}`));
  expect(await submit("a", 11).then((run) => run.result({ timeout: "60s" }))).toBe("a of 11");
  for (const run of bs ?? []) expect((await run.state()).status).toBe("pending");

  await bed.worker("pair-b", { serve: KEEPING });
  const later = bs?.map((run) => run.result({ timeout: "60s" })) ?? [];
  expect(await Promise.all(later)).toEqual(numbers.map((number) => `b of ${number}`));
  for (const { id } of bs ?? []) {
    expect(bed.ledger.counts(id)).toEqual({ "one#1": 1, "two#1": 1 });
    expect((await soundHistory(bed.millrace, id)).state.takeOvers).toBe(0);
  }
});

test("a flow of a shared queue is served by whoever knows it while both workers read that queue (I1)", async () => {
  const bed = await beds.open();
  await Promise.all(["pair-a", "pair-b"].map((flows) => bed.worker(flows, { serve: KEEPING })));
  const names = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? "a" : "b"));
  const runs = await Promise.all(
    names.map((name, at) => bed.millrace.submit(name, at, { queue: "shared" })),
  );
  const results = runs.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  expect(await Promise.all(results)).toEqual(names.map((name, at) => `${name} of ${at}`));
  for (const { id } of runs) {
    expect(new Set(Object.values(bed.ledger.counts(id)))).toEqual(new Set([1]));
  }
});

test("consumers that are deleted and made again show the whole log, and no closed run's code runs again (I4)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("steps", {
    crash: { point: "after-frame", event: "StepCompleted", step: "add#7" },
  });
  const runs = await Promise.all(
    [1, 2, 3, 4, 7].map((count) => bed.millrace.submit("steps", { count })),
  );
  await first.exited;
  // One more activation, so that the inbox holds a wake as well.
  const second = await bed.worker("steps");
  for (const { id } of runs) await bed.millrace.attach(id).result({ timeout: "60s" });
  await second.kill();
  const executed = bed.ledger.entries.length;
  const heads = await headsOf(bed, runs);

  await deleteConsumers(bed, "steps");
  await bed.worker("steps");
  const next = await bed.millrace.submit("steps", { count: 2 });
  expect(await next.result({ timeout: "60s" })).toBe(3);
  await bed.queueIsDone("steps");
  expect(bed.ledger.entries.length).toBe(executed + 2);
  expect(await headsOf(bed, runs)).toEqual(heads);
});

test("consumers that are deleted under a worker are made again, and its runs go on once (I1, I3)", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("gated", { serve: KEEPING });
  const { id } = await bed.millrace.submit("gated");
  await until("both steps wait at their gates", () => bed.ledger.of(id).length === 3);
  await deleteConsumers(bed, "gated");
  await deleteConsumers(bed, "quick");

  const next = await bed.millrace.submit("quick", "after the loss");
  expect(await next.result({ timeout: "60s" })).toBe("after the loss");
  bed.openGate("left");
  bed.openGate("right");
  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toEqual(["left", "right"]);
  await bed.queueIsDone("gated");
  expect(bed.ledger.counts(id)).toEqual({ "first#1": 1, "left#1": 1, "right#1": 1, "last#1": 1 });
  expect((await soundHistory(bed.millrace, id)).state.takeOvers).toBe(0);
  expect(worker.isAlive).toBe(true);
});

test("what comes while a request for it grows old counts as fresh: it need not be exchanged over and over (I4)", async () => {
  const bed = await beds.open();
  const { broker } = bed.millrace;
  const arrived: { readonly fresh: boolean; readonly at: number }[] = [];
  const reader = await broker.queues.open({
    queues: ["quick"],
    leaseMs: 2_000,
    room: () => 256,
    onDelivery: (delivery) => {
      arrived.push({ fresh: delivery.fresh, at: Date.now() });
      delivery.ack();
    },
    onForeign: () => expect.unreachable(),
  });
  onTestFinished(() => reader.stop());
  // One after the other, for longer than any request stays open.
  const startedAt = Date.now();
  const sentAt: number[] = [];
  for (let sent = 1; sent <= 60; sent++) {
    sentAt.push(Date.now());
    await bed.millrace.submit("quick");
    const isNext = (): boolean => arrived.length === sent && Date.now() > startedAt + 50 * sent;
    await until("it is handed out, and the next one is due", isNext);
  }
  // What the machine itself was slow with may have grown old on the way.
  const prompt = arrived.filter(({ at }, which) => at - (sentAt[which] ?? 0) < 300);
  expect(prompt.length).toBeGreaterThan(10);
  expect(new Set(prompt.map(({ fresh }) => fresh))).toEqual(new Set([true]));
});

async function deleteConsumers(bed: TestBed, queue: string): Promise<void> {
  const connection = await bed.raw();
  const stream = streamName(bed.namespace, 0);
  for (const kind of ["new", "in"]) {
    const answer = await connection.request(
      `$JS.API.CONSUMER.DELETE.${stream}.${kind}-${queue}`,
      "",
      { timeout: 30_000 },
    );
    expect(answer.json()).toMatchObject({ success: true });
  }
}

function headsOf(bed: TestBed, runs: readonly { id: string }[]): Promise<readonly number[]> {
  return Promise.all(runs.map(async ({ id }) => (await bed.millrace.attach(id).state()).sequence));
}
