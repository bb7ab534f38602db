import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { MillraceError } from "../../src/engine/millrace-error.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { serve } from "../../src/worker/serve.ts";
import { drill } from "./support/drill.ts";
import { type ForkStage, forkEverywhere } from "./support/fork-everywhere.ts";
import { plansOf } from "./support/plan.ts";
import { flowsOf, signalOf } from "./support/play.ts";
import { type Node, programs, SIGNALS } from "./support/program.ts";
import { openRunsIn, runsIn } from "./support/stored-runs.ts";

/** How many plans make the corpus; raise it with `MILLRACE_FORKED_PROGRAMS=2000`. */
const PROGRAMS = Number(process.env["MILLRACE_FORKED_PROGRAMS"] ?? 25);
/** Repeat a course with the seed that a failure prints: `MILLRACE_SEED=123`. */
const SEED = process.env["MILLRACE_SEED"];
/** Of each plan. */
const MOST_RUNS = 3;

test(
  "a fork from every point of every run ends, does nothing again, leaves nothing out, and its origin is untouched",
  async () => {
    const property = fc.asyncProperty(plansOf(programs), async (plan) => {
      const { messages } = await drill(plan);
      const runs = [...runsIn(messages).values()].filter(({ frames }) => frames.length > 0);
      const stage = await openStage(plan.program, messages);
      for (const { id } of runs.slice(0, MOST_RUNS)) await forkEverywhere(stage, id);
      await stage.close();
    });
    const seed = SEED === undefined ? {} : { seed: Number(SEED) };
    await expect(fc.assert(property, { numRuns: PROGRAMS, ...seed })).resolves.toBeUndefined();
  },
  60_000 + PROGRAMS * 4_000,
);

/** The log of a drill that is over, with a worker that goes on later. */
async function openStage(
  program: Node,
  messages: readonly Stored[],
): Promise<ForkStage & { close(): Promise<void> }> {
  const clock = new ManualClock(LATER);
  const broker = new MemoryBroker({ clock });
  for (const { subject, data } of messages) broker.store(subject, data);
  const client = new Millrace(broker.connect(), clock);
  const connection = broker.connect();
  const done: string[] = [];
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    const over = promise.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([over, clock.advance(1)]))) await clock.advance(1);
    return promise;
  };
  const flows = flowsOf(program, connection.clock, undefined, (key) => void done.push(key));
  const worker = await settle(
    serve(flows, {
      connection: { broker: connection },
      clock: connection.clock,
      log: pino({ level: "silent" }),
    }),
  );
  // All messages are handed out once more here, and a run that has ended tells its parent so again: a second time changes
  // nothing but the parent's inbox, and not while its forks are looked at.
  while (broker.unacked().length > 0) await clock.advance(100);
  let value = 0;
  const turn = async (): Promise<void> => {
    await clock.advance(7_000);
    for (const { id } of openRunsIn(broker.messages())) {
      for (const name of SIGNALS) {
        await settle(client.attach(id).signal(signalOf(name), ++value)).catch(unlessClosed);
      }
    }
  };
  const close = (): Promise<void> => settle(worker.drain());
  return { client, done, settle, turn, close };
}

/** Long after the drill. */
const LATER = 1_760_000_000_000;

function unlessClosed(error: unknown): void {
  if (!(error instanceof MillraceError)) throw error;
}
