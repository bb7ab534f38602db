import type { AnyDefinition } from "../definition/definition.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { type CheckReport, CheckTally } from "./check-report.ts";
import { type CheckedRun, checkRun } from "./checked-run.ts";
import type { ReplayPayloads } from "./replay-options.ts";

/**
 * Replays runs against today's code and tells which of them would be parked, and why. One after the other, in this thread;
 * nothing is executed but the flows' own functions. `millrace check` does the same in several threads.
 */
export async function check(
  runs: AsyncIterable<RecordedRun> | Iterable<RecordedRun>,
  { definitions, payloads, onRun }: CheckOptions,
): Promise<CheckReport> {
  const code = new Map([...definitions].map((definition) => [definition.name, definition]));
  const tally = new CheckTally();
  for await (const run of runs) {
    const checked = await checkRun(run, code, payloads);
    tally.add(checked);
    onRun?.(checked);
  }
  return tally.report;
}

export interface CheckOptions {
  /** Today's flows and tasks. A run of another flow is counted as `no-code`. */
  readonly definitions: Iterable<AnyDefinition>;
  /** Opens what a codec wrapped or a blob store has. Default: only plain values can be read. */
  readonly payloads?: ReplayPayloads;
  /** Told of each run as it is checked. */
  readonly onRun?: (checked: CheckedRun) => void;
}
