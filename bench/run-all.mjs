import { pool } from "./clock.mjs";

/** Submits so many runs, up to 256 of them at once, and waits for all results. */
export async function runAll(millrace, count, flow, input) {
  const results = [];
  await pool(count, 256, async () => {
    const run = await millrace.submit(flow, input);
    results.push(run.result());
  });
  await Promise.all(results);
}
