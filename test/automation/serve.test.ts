/** The worker that users start: what it serves beside its own flows, on every adapter. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { trigger } from "../../src/definition/trigger.ts";
import { serve } from "../../src/serve.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { onEveryAdapter } from "../contract/support/on-every-adapter.ts";

const log = pino({ level: "silent" });
const greet = flow("greet", async (_, name: string) => `Hello ${name}`);
const count = flow("count", async (_, numbers: readonly number[]) => numbers.length);

onEveryAdapter("A worker with its automation", (open) => {
  test("shares the built-in flows with workers whose queues have other leases", async () => {
    const { connect } = open();
    const [one, other] = [new Millrace(await connect()), new Millrace(await connect())];
    for (const [definition, connection, lease] of [
      [greet, one, "20s"],
      [count, other, "30s"],
    ] as const) {
      const worker = await serve([definition], { connection, lease, log });
      onTestFinished(() => worker.drain());
    }
    const greeting = await one.submit(greet, "ann");
    expect(await greeting.result({ timeout: "60s" })).toBe("Hello ann");
    const counted = await one.submit(count, [1, 2]);
    expect(await counted.result({ timeout: "60s" })).toBe(2);
  });

  test("serves a flow of Millrace's own that somebody submits by its name alone", async () => {
    const millrace = new Millrace(await open().connect());
    const worker = await serve([greet], { connection: millrace, log });
    onTestFinished(() => worker.drain());
    const run = await millrace.submit("millrace-webhook", { webhook: "nobody" });
    await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_FAILED" });
    expect((await run.details()).queue).toBe("millrace");
  });
});

test("a worker without a flow is told which option leaves nothing for it to do", async () => {
  const connection = new Millrace(new MemoryBroker().connect());
  onTestFinished(() => connection.close());
  const hello = trigger("hello", {
    on: { event: "hello" },
    action: { submit: "greet" },
  });
  for (const served of [[], [hello]]) {
    await expect(serve(served, { connection, log, queues: ["greet"] })).rejects.toMatchObject(
      invalid(/^Option queues cannot be "greet": no.* give a flow, or leave queues out/),
    );
    await expect(serve(served, { connection, log, automation: false })).rejects.toMatchObject(
      invalid(/^Option automation cannot be false: no.* give a flow, or leave it on/),
    );
  }
  const worker = await serve([hello], { connection, log });
  await worker.drain();
});

function invalid(message: RegExp): object {
  return { code: "INVALID_OPTION", message: expect.stringMatching(message) };
}
