/** A minute of chaos on one nats-server: what `npm run chaos` does for longer, and on a cluster (docs/reliability.md). */
import { expect, test, vi } from "vitest";
import { DEFAULTS } from "../../chaos/defaults.mjs";
import { runChaos } from "../../chaos/run-chaos.mjs";

vi.setConfig({ testTimeout: 300_000 });

test("a minute in which workers and clients are killed and stopped loses nothing, repeats nothing it must not, and gives every result right", async () => {
  const report = await runChaos({
    ...DEFAULTS,
    seed: "a minute",
    rate: 2,
    settleMinutes: 2,
    paceMs: 2_500,
    faults: ["kill-worker", "pause-worker", "kill-client", "pause-client"],
    log: () => undefined,
  });
  expect(report.violations).toEqual([]);
  expect(report.accepted).toBeGreaterThan(0);
  expect(report.steps.executions).toBeGreaterThan(0);
  expect(Object.keys(report.faults)).not.toEqual([]);
  expect(report.pressed).toBeGreaterThan(0);
});
