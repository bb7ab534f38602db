import { type CheckReport, CheckTally } from "../../debug/index.ts";
import type { CheckPool } from "./check-pool.ts";
import type { Candidate } from "./check-tasks.ts";

/** Reads runs, many at once, and has them checked while others are read. */
export async function runCheck(
  candidates: AsyncIterable<Candidate>,
  { pool, names, onProgress }: RunCheckOptions,
): Promise<CheckReport> {
  const tally = new CheckTally();
  const known = new Set(names);
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let done = 0;
  for await (const candidate of candidates) {
    if (failure !== undefined) break;
    const { id, flow } = candidate;
    // Nothing has to be read of a run without code.
    if (flow !== "" && !known.has(flow)) {
      if (!BUILT_IN.test(flow)) tally.add({ run: id, flow, verdict: "no-code" });
      continue;
    }
    await pool.room();
    if (underWay.size >= MAX_READS) await Promise.race(underWay);
    const checked = checkOne(candidate, pool, tally)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        underWay.delete(checked);
        onProgress(++done);
      });
    underWay.add(checked);
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure.error;
  return tally.report;
}

export interface RunCheckOptions {
  readonly pool: CheckPool;
  /** The flows and tasks that there is code for. */
  readonly names: readonly string[];
  readonly onProgress: (done: number) => void;
}

/** Runs that are read or checked at once. */
const MAX_READS = 96;

/** Flows that every worker brings along. */
const BUILT_IN = /^millrace-/;

async function checkOne(candidate: Candidate, pool: CheckPool, tally: CheckTally): Promise<void> {
  const task = await candidate.read();
  if (task === undefined) return;
  let checked = await pool.check(task);
  if (checked === "needs-blobs") {
    const whole = await candidate.readWithBlobs();
    if (whole === undefined) return;
    checked = await pool.check(whole);
  }
  if (checked !== "needs-blobs") tally.add(checked);
}
