/** Somebody sets the clock of a worker's machine: leases go by a clock that nobody sets. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { soundHistory } from "./support/sound-history.ts";
import { testBeds } from "./support/test-bed.ts";

const beds = testBeds();
const CLOCK = join(import.meta.dirname, "../../chaos/processes/shifted-clock.mjs");
const HOUR_MS = 3_600_000;
/** So long that no machine stands still for it. */
const LEASE_MS = 2_500;

test.each([
  ["back", -HOUR_MS],
  ["forward", HOUR_MS],
])(
  "a worker whose clock is set %s by an hour keeps its runs, and is given others",
  async (_, shiftMs) => {
    const bed = await beds.open();
    const env = { NODE_OPTIONS: `--import ${pathToFileURL(CLOCK).href}` };
    const worker = await bed.worker("set-back", { env, serve: { lease: `${LEASE_MS}ms` } });
    const run = await bed.millrace.submit("clockwork", { shiftMs, thenMs: 3 * LEASE_MS });
    expect(await run.result({ timeout: "60s" })).toBe(worker.pid);
    expect(bed.ledger.counts(run.id)).toEqual({ "set#1": 1 });
    expect((await soundHistory(bed.millrace, run.id)).state).toMatchObject({
      epoch: 1,
      takeOvers: 0,
    });

    const next = await bed.millrace.submit("clockwork", { shiftMs: 0, thenMs: 0 });
    expect(await next.result({ timeout: "60s" })).toBe(worker.pid);
    expect((await soundHistory(bed.millrace, next.id)).state).toMatchObject({ epoch: 1 });
  },
);
