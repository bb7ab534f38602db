/** The worker that users start: what it serves beside its own flows, on every adapter. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { serve } from "../../src/serve.ts";
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
});
