import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { runRef } from "../../src/engine/run-id.ts";
import { connectBroker } from "../../src/jetstream/connect-broker.ts";
import { serve } from "../../src/worker/serve.ts";
import {
  type Aftermath,
  drill,
  outcomeOf,
  type Plan,
  plansOf,
  undisturbed,
} from "./support/drill.ts";
import { type AppendFate, FragileBroker } from "./support/fragile-broker.ts";
import { brokenBy } from "./support/invariants.ts";
import { flowOf } from "./support/play.ts";
import { isOrderFree, programs } from "./support/program.ts";

/** How many programs run on the real broker, all at once. */
const PROGRAMS = 16;
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now());

let server: NatsServer;
let storeDir: string;

beforeAll(async () => {
  storeDir = await mkdtemp(join(tmpdir(), "millrace-property-"));
  server = await startNatsServer({ storeDir });
});

afterAll(async () => {
  await server.stop();
  await rm(storeDir, { recursive: true, force: true });
});

test(`programs on JetStream end as if nothing had happened, though their workers die (seed ${SEED})`, async () => {
  const plans = fc.sample(plansOf(programs), { seed: SEED, numRuns: PROGRAMS });
  const calm: Aftermath[] = [];
  for (const plan of plans) calm.push(await drill(undisturbed(plan)));
  const ends = await Promise.all(plans.map((plan, at) => runOnJetStream(plan, `p${at}`)));
  const expected = plans.map((plan, at) => ({
    plan,
    broken: undefined,
    outcome: isOrderFree(plan.program) ? calm[at]?.outcomes[0] : ends[at]?.outcome,
  }));
  expect(ends).toEqual(expected);
}, 60_000);

/** How the plan's program ended, and what its history breaks. */
async function runOnJetStream(plan: Plan, namespace: string) {
  const options = { servers: server.url, namespace };
  const client = new Millrace(await connectBroker(options));
  const staff: Promise<FragileBroker>[] = [];
  const hire = (): void => void staff.push(worker(plan, options, nextFate, hire));
  let appends = 0;
  const nextFate = (): AppendFate => fateOf(plan, ++appends);
  for (let at = 0; at < 2; at++) hire();
  await Promise.all(staff);
  const handle = await client.submit("program", undefined, { key: "run-0" });
  const outcome = await outcomeOf(handle);
  const run = runRef("program", "run-0");
  const head = await client.broker.log.head(run);
  const history = await client.broker.log.history(run, head?.sequence ?? 0);
  for (const hired of staff) await (await hired).end();
  await client.close();
  return { plan, broken: brokenBy(history), outcome };
}

async function worker(
  plan: Plan,
  options: { servers: string; namespace: string },
  nextFate: () => AppendFate,
  onCrash: () => void,
): Promise<FragileBroker> {
  const fragile = new FragileBroker(await connectBroker(options), nextFate, onCrash);
  await serve([flowOf(plan.program, fragile.clock)], {
    connection: { broker: fragile.broker },
    clock: fragile.clock,
    concurrency: plan.concurrency,
    lease: "1s",
    log: pino({ level: "silent" }),
  });
  return fragile;
}

/** The plan's faults, as far as they can be made here. */
function fateOf(plan: Plan, nth: number): AppendFate {
  const fault = plan.writeFaults.find((candidate) => candidate.nth === nth)?.fault;
  switch (fault) {
    case "crash before":
    case "crash after":
    case "ack lost":
    case "not stored":
      return fault;
    case "pause before":
      return "crash before";
    case "pause after":
      return "crash after";
    default:
      return "stored";
  }
}
