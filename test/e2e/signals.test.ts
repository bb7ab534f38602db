/** What is sent to a run reaches its flow once, in order, whenever it was sent (I6). */
import { pino } from "pino";
import { expect, test } from "vitest";
import { z } from "zod";
import { flow, serve, signal } from "../../src/index.ts";
import { encodeInput } from "../../src/wire/input-codec.ts";
import { encodeValue } from "../../src/wire/value-codec.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });
const go = signal<number>("go");
const listens = flow("listens", async (ctx, count: number) => {
  const heard: number[] = [];
  while (heard.length < count) heard.push(await ctx.receive(go));
  return heard;
});
const RESULT = { timeout: "60s" } as const;

function suspended(bed: TestBed, id: string): Promise<unknown> {
  const run = bed.millrace.attach(id);
  return until(`${id} is suspended`, async () => (await run.state()).status === "suspended");
}

test("signals that are sent before any worker is there are received in their order", async () => {
  const bed = await beds.open();
  const run = await bed.millrace.submit(listens, 3);
  for (const number of [1, 2, 3]) await run.signal(go, number);
  expect((await run.state()).status).toBe("pending");
  const worker = await serve([listens], { connection: bed.millrace, log });
  expect(await run.result(RESULT)).toEqual([1, 2, 3]);
  await worker.drain();
});

test("a signal wakes a suspended run on whatever worker there is, and the one before is not heard again", async () => {
  const bed = await beds.open();
  const first = await bed.worker("waiting", { serve: { suspendAfter: "10ms" } });
  const run = await bed.millrace.submit("listener", 3);
  await run.signal(go, 1);
  await suspended(bed, run.id);
  await first.kill();
  await run.signal(go, 2);
  const second = await bed.worker("waiting", { serve: { suspendAfter: "10ms" } });
  await suspended(bed, run.id);
  await second.kill();
  await run.signal(go, 3);
  await bed.worker("waiting");
  expect(await run.result(RESULT)).toEqual([1, 2, 3]);
});

test("what is sent while nobody listens is kept, and a take-over hears the same", async () => {
  const bed = await beds.open();
  const first = await bed.worker("waiting", { serve: { suspendAfter: "1h" } });
  const run = await bed.millrace.submit("listener", 4);
  for (const number of [1, 2]) await run.signal(go, number);
  await until("both are folded", async () => {
    const events = (await run.details()).frames.flatMap((frame) => frame.events);
    return events.filter(({ type }) => type === "InputFolded").length === 2;
  });
  await first.kill();
  for (const number of [3, 4]) await run.signal(go, number);
  await bed.worker("waiting");
  expect(await run.result(RESULT)).toEqual([1, 2, 3, 4]);
});

test("of two that wait for one name the first gets the first, and a time-out gives up its place", async () => {
  const bed = await beds.open();
  const pair = flow("pair", async (ctx) =>
    Promise.all([
      ctx.receive(go),
      ctx.receive(go, { timeout: "50ms" }),
      ctx.receive(go),
      ctx.receive(signal<number>("other"), { timeout: "50ms" }),
    ]),
  );
  const worker = await serve([pair], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(pair);
  await run.signal(go, 1);
  await until("both time-outs are over", async () => {
    const events = (await run.details()).frames.flatMap((frame) => frame.events);
    return events.filter(({ type }) => type === "TimerFired").length === 2;
  });
  await run.signal(go, 2);
  expect(await run.result(RESULT)).toEqual([1, undefined, 2, undefined]);
  await worker.drain();
});

test("a run that has ended, or never was, takes no signal, and its sender is told which", async () => {
  const bed = await beds.open();
  const worker = await serve([listens], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(listens, 0, { key: "done" });
  await run.result(RESULT);
  await expect(run.signal(go, 1)).rejects.toMatchObject({
    name: "RunClosedError",
    code: "RUN_CLOSED",
    runId: run.id,
    status: "completed",
  });
  const again = bed.millrace.signalOrSubmit(listens, 1, { key: "done" }, go, 1);
  await expect(again).rejects.toMatchObject({ code: "RUN_CLOSED" });
  await expect(bed.millrace.attach("listens:never").signal(go, 1)).rejects.toMatchObject({
    name: "RunNotFoundError",
    code: "RUN_NOT_FOUND",
    runId: "listens:never",
  });
  await worker.drain();
});

test("a value that the schema refuses is refused where it is sent, and passed over where somebody sent it all the same", async () => {
  const bed = await beds.open();
  const vote = signal("vote", { schema: z.object({ yes: z.boolean() }) });
  const votes = flow("votes", (ctx) => ctx.receive(vote));
  const worker = await serve([votes], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(votes, undefined, { key: "v" });
  await expect(run.signal(vote, { yes: "perhaps" } as never)).rejects.toMatchObject({
    code: "INPUT_INVALID",
  });
  const payload = encodeValue({ yes: "perhaps" }, "");
  const body = { type: "Signal", name: "vote", payload } as const;
  const forged = encodeInput({ inputId: "forged", sentAt: 0, body });
  await bed.publish(`mr.${bed.namespace}.0.in.votes.votes.v`, forged);
  await run.signal(vote, { yes: true });
  expect(await run.result(RESULT)).toEqual({ yes: true });
  await worker.drain();
});

test("one signalId is one signal, however often and from wherever it is sent", async () => {
  const bed = await beds.open();
  await bed.worker("waiting");
  const clients = await Promise.all([1, 2, 3, 4].map(() => bed.client()));
  // Everybody sends everything: each number must be heard once.
  const answers = await Promise.all(
    clients.flatMap((client) =>
      Array.from({ length: 10 }, (_, number) =>
        client.signalOrSubmit("listener", 10, { key: "one", signalId: `n${number}` }, "go", number),
      ),
    ),
  );
  const ids = new Set(answers.map(({ value, error }) => error?.code ?? value));
  // Whoever is last may find that the run has all it needs.
  ids.delete("RUN_CLOSED");
  expect([...ids]).toEqual(["listener:one"]);
  const heard = await bed.millrace.attach<number[]>("listener:one").result(RESULT);
  expect(heard.toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
