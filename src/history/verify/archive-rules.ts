import type { ArchivedEvent } from "../../engine/archived-event.ts";
import { isClosed } from "../../engine/frame.ts";
import { foldFrames } from "../../engine/run-state.ts";
import type { Flaw } from "../flaw.ts";
import type { RecordedRun } from "../recorded-run.ts";

/** What the frame that stayed in the log says of a run in the archive, and its file does not. */
export function archiveFlaws(archived: ArchivedEvent, run: RecordedRun): readonly Flaw[] {
  const { runId, submissionId } = run.submission;
  const sequence = run.frames.at(-1)?.sequence ?? 0;
  const flaw = (what: string): Flaw => ({
    kind: "archive",
    sequence,
    sentence: `The file of run ${runId} ${what}.`,
  });
  const state = foldFrames(run.frames);
  if (state === undefined || !isClosed(state.status)) return [flaw("holds a run that is open")];
  if (archived.submission.submissionId !== submissionId) {
    return [flaw("holds another submission than the log says")];
  }
  const facts = [
    ["take-overs", archived.takeOvers, state.takeOvers],
    ["crashes", archived.crashes, state.crashes],
    ["the start", archived.runStartedAt, state.startedAt],
    ["the end", archived.at, state.updatedAt],
    ["the version", archived.version, state.version],
  ] as const;
  return facts.flatMap(([what, kept, found]) =>
    kept === found ? [] : [flaw(`says ${found} of ${what}, and the log ${kept}`)],
  );
}
