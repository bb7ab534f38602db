import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { isClosed } from "../../src/engine/frame.ts";
import { MillraceError } from "../../src/engine/millrace-error.ts";
import { runRef } from "../../src/engine/run-id.ts";
import { connectBroker } from "../../src/jetstream/connect-broker.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import { serve } from "../../src/worker/serve.ts";
import { isFixed, valuesOf } from "./support/check.ts";
import { type Aftermath, drill, outcomeOf } from "./support/drill.ts";
import { brokenBetween, brokenReceiving } from "./support/family-invariants.ts";
import { type AppendFate, FragileBroker } from "./support/fragile-broker.ts";
import { brokenBy } from "./support/invariants.ts";
import { type Plan, plansOf, undisturbed } from "./support/plan.ts";
import { flowsOf, type Observed, SHARED, signalOf } from "./support/play.ts";
import { holds, programs, SIGNALS } from "./support/program.ts";
import { runsIn, type StoredRun } from "./support/stored-runs.ts";

/** How many programs run on the real broker; raise it with `MILLRACE_BROKER_PROGRAMS=400`. */
const PROGRAMS = Number(process.env["MILLRACE_BROKER_PROGRAMS"] ?? 12);
/** So many at once. */
const AT_ONCE = 12;
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now());
const LIMIT_MS = 120_000;

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

test(
  `programs on JetStream end as if nothing had happened, though their workers die (seed ${SEED})`,
  async () => {
    const plans = fc.sample(plansOf(programs), { seed: SEED, numRuns: PROGRAMS });
    const broken: unknown[] = [];
    for (let from = 0; from < plans.length; from += AT_ONCE) {
      const some = plans.slice(from, from + AT_ONCE);
      const calm: Aftermath[] = [];
      for (const plan of some) calm.push(await drill(undisturbed(plan)));
      const ends = await Promise.all(
        some.map((plan, at) => new Course(plan, `p${from + at}`).run()),
      );
      for (const [at, plan] of some.entries()) {
        const expected = isFixed(plan) ? calm[at]?.outcomes[0] : ends[at]?.outcome;
        const end = ends[at];
        if (end?.broken === undefined && end?.outcome === expected) continue;
        broken.push({ plan: JSON.stringify(plan), ...end, expected });
      }
    }
    expect(broken).toEqual([]);
  },
  60_000 + PROGRAMS * 10_000,
);

/** One plan in a namespace of its own, with the faults that can be made on a real broker. */
class Course {
  readonly #plan: Plan;
  readonly #options: { readonly servers: string; readonly namespace: string };
  readonly #staff: Promise<FragileBroker>[] = [];
  readonly #observed: Observed[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #appends = 0;
  #sent = 0;

  constructor(plan: Plan, namespace: string) {
    this.#plan = plan;
    this.#options = { servers: server.url, namespace };
  }

  /** How the program ended, and what its runs break. */
  async run(): Promise<{ readonly broken: string | undefined; readonly outcome: string }> {
    const client = new Millrace(await connectBroker(this.#options));
    for (let at = 0; at < 2; at++) this.#hire();
    await Promise.all(this.#staff);
    const { program, shared, delayMs, deadlineMs, stops } = this.#plan;
    const ids = ["program:run-0"];
    if (holds(program, ({ type }) => type === "attach")) {
      const part = { node: shared.program, path: "shared" };
      await client.submit(SHARED.flow, part, { key: SHARED.key });
      ids.push(`${SHARED.flow}:${SHARED.key}`);
    }
    const handle = await client.submit("program", undefined, {
      key: "run-0",
      ...(delayMs === 0 ? {} : { delay: delayMs }),
      ...(deadlineMs === 0 ? {} : { deadline: deadlineMs }),
    });
    for (const { atMs, how } of stops) {
      this.#after(atMs, () => handle[how]("by the test").catch(unlessClosed));
    }
    const runs = await this.#untilClosed(client, ids);
    const outcome = await outcomeOf(handle);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const hired of this.#staff) await (await hired).end();
    await client.close();
    return { broken: this.#brokenBy(runs), outcome };
  }

  #brokenBy(runs: ReadonlyMap<string, StoredRun>): string | undefined {
    for (const run of runs.values()) {
      if (run.submission === undefined && run.frames.length === 0) continue;
      const broken = brokenBy(run);
      if (broken !== undefined) return `${run.id}: ${broken}`;
    }
    return brokenBetween(runs) ?? brokenReceiving(runs, valuesOf, this.#observed);
  }

  /** Sends every open run all that it may wait for, until all have ended and told each other. */
  async #untilClosed(
    client: Millrace,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, StoredRun>> {
    const until = Date.now() + LIMIT_MS;
    for (let turn = 1; ; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const runs = await familyOf(client, ids);
      const open = [...runs.values()].filter(
        ({ submission, frames }) =>
          submission !== undefined && !isClosed(frames.at(-1)?.status ?? "pending"),
      );
      const isOver = open.length === 0 && brokenBetween(runs) === undefined;
      if (isOver || Date.now() > until) return runs;
      if (turn % 4 !== 0) continue;
      for (const { id } of open) {
        for (const name of SIGNALS) {
          await client
            .attach(id)
            .signal(signalOf(name), ++this.#sent)
            .catch(unlessClosed);
        }
      }
    }
  }

  #hire(): void {
    this.#staff.push(this.#worker());
  }

  async #worker(): Promise<FragileBroker> {
    const { program, concurrency, suspendAfterMs } = this.#plan;
    const fragile = new FragileBroker(
      await connectBroker(this.#options),
      () => this.#nextFate(),
      () => this.#hire(),
    );
    const observe = (observed: Observed): void => void this.#observed.push(observed);
    await serve(flowsOf(program, fragile.clock, observe), {
      connection: { broker: fragile.broker },
      clock: fragile.clock,
      concurrency,
      suspendAfter: suspendAfterMs,
      lease: "1s",
      log: pino({ level: "silent" }),
    });
    return fragile;
  }

  /** The plan's faults, as far as they can be made here. */
  #nextFate(): AppendFate {
    const nth = ++this.#appends;
    const fault = this.#plan.writeFaults.find((candidate) => candidate.nth === nth)?.fault;
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

  #after(ms: number, call: () => Promise<void>): void {
    this.#timers.push(setTimeout(() => void call(), ms));
  }
}

/** These runs, and all that they submitted, as they are stored. */
async function familyOf(
  { broker: { log } }: Millrace,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredRun>> {
  const messages: Stored[] = [];
  const known = new Set<string>();
  for (let left = [...ids]; left.length > 0; ) {
    for (const id of left) {
      known.add(id);
      const [flow = "", key = ""] = id.split(":");
      const run = runRef(flow, key);
      const head = await log.head(run);
      const submission = await log.submission(run, flow);
      if (submission !== undefined) messages.push(submission);
      messages.push(...(await log.history(run, head?.sequence ?? 0)));
      messages.push(...(await log.inbox(run, flow, 0)));
    }
    const found = [...runsIn(messages).values()].flatMap(({ frames }) =>
      frames.flatMap(({ events }) =>
        events.flatMap((event) => (event.type === "ChildSubmitted" ? [event.runId] : [])),
      ),
    );
    left = [...new Set(found)].filter((id) => !known.has(id));
  }
  return runsIn(messages);
}

function unlessClosed(error: unknown): void {
  if (!(error instanceof MillraceError)) throw error;
}
