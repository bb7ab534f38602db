/** The nats-server is killed with -9 under load and started again on its store, with everybody connected. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import type { Answer } from "./support/client-process.ts";
import { soundHistory } from "./support/sound-history.ts";
import { openTestBed } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

test("every submission that was accepted completes once although the server is killed twice under load (I1, I3)", async () => {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer = await startNatsServer({ storeDir });
  onTestFinished(async () => {
    await server.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  const bed = await openTestBed(server.url);
  const workers = await Promise.all([bed.worker("steps"), bed.worker("steps")]);
  const [even, odd] = await Promise.all([bed.client(), bed.client()]);

  const counts = Array.from({ length: 200 }, (_, at) => 1 + (at % 8));
  let accepted = 0;
  const runs = counts.map(async (count, at): Promise<Ended> => {
    // One after the other, so that some are submitted while there is no server.
    const client = at % 2 === 0 ? even : odd;
    await until(`run ${at} may be submitted`, () => at < accepted + 30);
    const submitted = await client.submit("steps", { count, ms: 20 }, { key: `run-${at}` });
    accepted++;
    return { count, submitted, answer: await client.result(String(submitted.value)) };
  });
  for (const enough of [40, 120]) {
    await until(`${enough} are submitted`, () => accepted >= enough);
    await server.kill();
    server = await startNatsServer({ storeDir, port: server.port });
  }

  for (const { count, submitted, answer } of await Promise.all(runs)) {
    expect(submitted.error).toBeUndefined();
    expect(answer).toMatchObject({ value: (count * (count + 1)) / 2 });
    const id = String(submitted.value);
    const { state } = await soundHistory(bed.millrace, id);
    // Nobody died: a step is repeated only where a lease ran out while the server was away.
    const executions = Object.values(bed.ledger.counts(id));
    expect(executions.length).toBe(count);
    expect(Math.max(...executions)).toBeLessThanOrEqual(1 + state.epoch);
  }
  const everybody = [...workers, even.child, odd.child];
  expect(everybody.map((child) => child.isAlive)).toEqual([true, true, true, true]);
});

interface Ended {
  readonly count: number;
  readonly submitted: Answer;
  readonly answer: Answer;
}
