import { pino } from "pino";
import { onTestFinished } from "vitest";
import { Millrace } from "../../../src/client/millrace.ts";
import type { RunHandle } from "../../../src/client/run-handle.ts";
import { serve } from "../../../src/serve.ts";
import type { World } from "../../contract/support/adapters.ts";

/** A namespace with workers that serve flows and triggers. All of it ends with the test. */
export class TriggerBed {
  readonly millrace: Millrace;
  readonly #world: World;

  private constructor(world: World, millrace: Millrace) {
    this.#world = world;
    this.millrace = millrace;
  }

  static async open(world: World): Promise<TriggerBed> {
    return new TriggerBed(world, new Millrace(await world.connect()));
  }

  /** A worker with a connection of its own. The function it gives drains it. */
  async serve(served: Parameters<typeof serve>[0]): Promise<() => Promise<void>> {
    const connection = new Millrace(await this.#world.connect());
    const worker = await serve(served, {
      connection,
      log: SILENT,
      lease: "2s",
      suspendAfter: "100ms",
    });
    let drained: Promise<void> | undefined;
    const drain = (): Promise<void> => (drained ??= worker.drain());
    onTestFinished(drain);
    return drain;
  }

  /** The runs of a flow that were taken up, as they are now. */
  async runs(flow: string): Promise<readonly RunHandle[]> {
    const found = new Map<string, RunHandle>();
    for await (const { id } of this.millrace.list({ flow })) {
      found.set(id, this.millrace.attach(id));
    }
    return [...found.values()];
  }

  /** The outputs of the runs of a flow that have completed, sorted as JSON. */
  async outputs(flow: string): Promise<readonly unknown[]> {
    const outputs: unknown[] = [];
    for await (const { id, status } of this.millrace.list({ flow })) {
      if (status === "completed") outputs.push(await this.millrace.attach(id).result());
    }
    return outputs.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
}

const SILENT = pino({ level: process.env["TEST_LOG"] ?? "silent" });
