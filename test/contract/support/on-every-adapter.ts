import { afterAll, beforeAll, describe, onTestFinished, vi } from "vitest";
import { ADAPTERS, type Running, type World } from "./adapters.ts";

/** Runs a suite on each adapter. `open` gives a test a namespace of its own, closed when the test is over. */
export function onEveryAdapter(port: string, suite: (open: () => World) => void): void {
  describe.each(ADAPTERS)(`${port} $name`, (adapter) => {
    let running: Running | undefined;
    beforeAll(async () => {
      running = await adapter.start();
    });
    afterAll(async () => running?.stop());
    suite(() => {
      if (running === undefined) throw new Error("The adapter was not started");
      const world = running.open();
      onTestFinished(() => world.close());
      return world;
    });
  });
}

/** Waits for a fact, and fails with what the check last threw. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 5 });
}
