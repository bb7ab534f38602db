import { pino } from "pino";
import { Millrace } from "../../../src/client/millrace.ts";
import { type ReadRun, readRecordedRun } from "../../../src/client/recorded-runs.ts";
import type { RunHandle } from "../../../src/client/run-handle.ts";
import type { AnyDefinition } from "../../../src/definition/definition.ts";
import { parseRunId } from "../../../src/engine/run-id.ts";
import { Payloads } from "../../../src/payloads/payloads.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import { type ServingWorker, serve } from "../../../src/worker/serve.ts";

/** A broker in memory, whose workers can die, and what it holds of its runs. */
export class RecordingStage {
  readonly clock = new ManualClock();
  readonly broker = new MemoryBroker({ clock: this.clock });
  readonly client = new Millrace(this.broker.connect(), this.clock);
  readonly #log = pino({ level: "silent" });

  /** Starts a worker. What it gives ends it as a crash would. */
  async hire(definitions: readonly AnyDefinition[]): Promise<() => void> {
    const connection = this.broker.connect();
    const listeners = process.listeners("unhandledRejection");
    const worker = await this.clock.until(
      serve(definitions, {
        connection: { broker: connection },
        clock: connection.clock,
        lease: "1s",
        suspendAfter: "30s",
        log: this.#log,
      }),
    );
    this.#workers.push(worker);
    return () => {
      connection.crash();
      for (const listener of process.listeners("unhandledRejection")) {
        if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
      }
    };
  }

  readonly #workers: ServingWorker[] = [];

  async submit(definition: AnyDefinition, input?: unknown, key = "1"): Promise<RunHandle> {
    return this.clock.until(this.client.submit(definition as never, input as never, { key }));
  }

  /** Lets time go by. */
  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  async read(id: string): Promise<ReadRun> {
    const { broker } = this.client;
    const payloads = new Payloads(broker, this.clock);
    const host = { broker, clock: this.clock, payloads };
    const run = await this.clock.until(readRecordedRun(host, parseRunId(id)));
    if (run === undefined) throw new Error(`There is no run ${id}.`);
    return run;
  }
}

/** Runs one submission of the first definition to wherever it comes within a while, and gives what is recorded of it. */
export async function record(
  definitions: readonly [AnyDefinition, ...AnyDefinition[]],
  input?: unknown,
  meanwhile: (stage: RecordingStage, run: RunHandle) => Promise<void> = () => Promise.resolve(),
): Promise<ReadRun> {
  const stage = new RecordingStage();
  await stage.hire(definitions);
  const run = await stage.submit(definitions[0], input);
  await stage.pass(5_000);
  await meanwhile(stage, run);
  await stage.pass(5_000);
  return stage.read(run.id);
}
