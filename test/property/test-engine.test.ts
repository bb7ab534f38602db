import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import type { RunHandle } from "../../src/client/run-handle.ts";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { MillraceError } from "../../src/engine/millrace-error.ts";
import { connectBroker } from "../../src/jetstream/connect-broker.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { TestEngine } from "../../src/testing/index.ts";
import { serve } from "../../src/worker/serve.ts";
import { outcomeOf } from "./support/drill.ts";
import { type AppendFate, FragileBroker } from "./support/fragile-broker.ts";
import { isOrderFree } from "./support/order-free.ts";
import { flowsOf, SHARED, signalOf } from "./support/play.ts";
import { holds, type Node, programs, SIGNALS } from "./support/program.ts";

/** How many programs run on both; raise it with `MILLRACE_BROKER_PROGRAMS=400`. */
const PROGRAMS = Number(process.env["MILLRACE_BROKER_PROGRAMS"] ?? 12);
/** So many at once. */
const AT_ONCE = 12;
const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now());

interface Trial {
  readonly program: Node;
  /** Writes at which a worker dies: on the engine any, on the server those of histories. */
  readonly crashes: readonly { readonly write: number; readonly when: "before" | "after" }[];
}

const trials: fc.Arbitrary<Trial> = fc.record({
  program: programs.filter(isOrderFree),
  crashes: fc.array(
    fc.record({
      write: fc.integer({ min: 1, max: 12 }),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
    { maxLength: 3 },
  ),
});

test(
  `programs end alike on a test engine and on JetStream, though workers die on both (seed ${SEED})`,
  async () => {
    const drawn = fc.sample(trials, { seed: SEED, numRuns: PROGRAMS });
    const different: unknown[] = [];
    for (let from = 0; from < drawn.length; from += AT_ONCE) {
      const some = drawn.slice(from, from + AT_ONCE);
      const onServer = await onServers(some);
      for (const [at, trial] of some.entries()) {
        const onEngine = await playOnEngine(trial);
        if (onEngine === onServer[at]) continue;
        different.push({ trial: JSON.stringify(trial), onEngine, onServer: onServer[at] });
      }
    }
    expect(different).toEqual([]);
  },
  60_000 + PROGRAMS * 15_000,
);

async function playOnEngine({ program, crashes }: Trial): Promise<string> {
  // A step's time is the machine's: what really goes on holds the engine's time up.
  const engine = await TestEngine.start({ flows: flowsOf(program, systemClock) });
  for (const { write, when } of crashes) engine.crashAtWrite(write, when);
  if (holds(program, ({ type }) => type === "attach")) {
    await engine.submit(SHARED.flow, SHARED_PART, { key: SHARED.key });
  }
  const run = await engine.submit("program", undefined, { key: "run-0" });
  const stopFeeding = feed(engine.millrace);
  const outcome = await outcomeOf(run as unknown as RunHandle);
  await stopFeeding();
  // A program may end before the write that was to be the last one.
  await engine.stop().catch(unlessMillraces);
  return outcome;
}

/** A server is made anew for so many: each namespace takes up room of it. */
async function onServers(some: readonly Trial[]): Promise<readonly string[]> {
  const storeDir = await mkdtemp(join(tmpdir(), "millrace-kit-"));
  const server = await startNatsServer({ storeDir });
  try {
    return await Promise.all(
      some.map((trial, at) => playOnServer(trial, { servers: server.url, namespace: `k${at}` })),
    );
  } finally {
    await server.stop();
    await rm(storeDir, { recursive: true, force: true });
  }
}

async function playOnServer(
  { program, crashes }: Trial,
  options: { readonly servers: string; readonly namespace: string },
): Promise<string> {
  const client = new Millrace(await connectBroker(options));
  const staff: Promise<FragileBroker>[] = [];
  let appends = 0;
  const fate = (): AppendFate => {
    appends++;
    const crash = crashes.find(({ write }) => write === appends);
    return crash === undefined ? "stored" : `crash ${crash.when}`;
  };
  const hire = (): void => {
    staff.push(work());
  };
  const work = async (): Promise<FragileBroker> => {
    const fragile = new FragileBroker(await connectBroker(options), fate, hire);
    await serve(flowsOf(program, systemClock), {
      connection: { broker: fragile.broker },
      clock: fragile.clock,
      lease: "1s",
      log: pino({ level: "silent" }),
    });
    return fragile;
  };
  hire();
  await Promise.all(staff);
  if (holds(program, ({ type }) => type === "attach")) {
    await client.submit(SHARED.flow, SHARED_PART, { key: SHARED.key });
  }
  const run = await client.submit("program", undefined, { key: "run-0" });
  const stopFeeding = feed(client);
  const outcome = await outcomeOf(run);
  await stopFeeding();
  for (const hired of staff) await (await hired).end();
  await client.close();
  return outcome;
}

const SHARED_PART = {
  node: { type: "step", name: "a", failures: 1, attempts: 2, fatal: false, ms: 150 } as const,
  path: "shared",
};

/** Sends every open run all that it may wait for, again and again, until the function that it gives is called. */
function feed(millrace: Millrace): () => Promise<void> {
  const over = new AbortController();
  const feeding = (async () => {
    for (let sent = 1; !over.signal.aborted; sent += 2) {
      for (const flow of ["program", "child"]) {
        for await (const { id, closed } of millrace.list({ flow })) {
          if (!closed) await signalAll(millrace, id, sent);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return () => {
    over.abort();
    return feeding;
  };
}

async function signalAll(millrace: Millrace, id: string, value: number): Promise<void> {
  const run = millrace.attach(id);
  for (const name of SIGNALS) await run.signal(signalOf(name), value).catch(unlessMillraces);
}

function unlessMillraces(error: unknown): void {
  if (!(error instanceof MillraceError)) throw error;
}
