import type { AnyDefinition } from "../definition/definition.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { ParkReason } from "../engine/run-event.ts";
import { parseRunId } from "../engine/run-id.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { placeText } from "../worker/user-place.ts";
import { replay } from "./replay.ts";
import type { ReplayPayloads } from "./replay-options.ts";

/** What became of one run in a check: plain data, so that it can go from one thread to another. */
export type CheckedRun = { readonly run: string; readonly flow: string } & CheckVerdict;

export type CheckVerdict =
  | { readonly verdict: "fits" }
  | ({ readonly verdict: "parks" } & ParkCause)
  /** Of a run that has ended: its flow ends otherwise now. */
  | { readonly verdict: "differs"; readonly recorded: string; readonly replayed: string }
  /** There is no code for its flow. */
  | { readonly verdict: "no-code" }
  /** It could not be replayed to its end: what is stored of it cannot be read, or the code does not come to an end. */
  | { readonly verdict: "unreadable"; readonly why: string };

/** What a worker with this code would park the run with. */
export interface ParkCause {
  readonly reason: ParkReason;
  /** What the history holds, and what the flow asks for instead. */
  readonly expected: string;
  readonly asked: string;
  /** The line of code that asks, as `<file>:<line>`; empty for none. */
  readonly place: string;
  /** What was probably changed; empty when that is not known. */
  readonly hint: string;
}

/** Replays one run against the code of its flow. No step is executed, and nothing is written anywhere. */
export async function checkRun(
  run: RecordedRun,
  code: ReadonlyMap<string, AnyDefinition>,
  payloads?: ReplayPayloads,
): Promise<CheckedRun> {
  const { runId } = run.submission;
  const { flow } = parseRunId(runId);
  const definition = code.get(flow);
  const verdict =
    definition === undefined
      ? ({ verdict: "no-code" } as const)
      : await verdictOf(run, definition, payloads);
  return { run: runId, flow, ...verdict };
}

async function verdictOf(
  run: RecordedRun,
  definition: AnyDefinition,
  payloads: ReplayPayloads | undefined,
): Promise<CheckVerdict> {
  try {
    const given = payloads === undefined ? {} : { payloads };
    const quick = { definition, ...given, warn: false, guess: false, places: false };
    const first = await replay(run, quick);
    // Which line it is, and what was changed, is only looked for where something is wrong.
    const { parks, differs } =
      first.parks === undefined
        ? first
        : await replay(run, { ...quick, guess: true, places: true });
    if (differs !== undefined) return { verdict: "differs", ...differs };
    if (parks === undefined) return { verdict: "fits" };
    const { reason, mismatch, place, hint } = parks;
    const { expected, asked } = mismatch;
    if (reason === "unreadable-payload") {
      return { verdict: "unreadable", why: `${expected}: ${asked}` };
    }
    const where = place === undefined ? "" : placeText(place);
    return { verdict: "parks", reason, expected, asked, place: where, hint: hint?.text ?? "" };
  } catch (error) {
    if (error instanceof BlobStoreError) return { verdict: "unreadable", why: error.message };
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { verdict: "unreadable", why: text };
  }
}
