import type { ArchivedRun } from "../../../src/engine/archived-run.ts";
import { foldFrames } from "../../../src/engine/run-state.ts";
import type { Submission } from "../../../src/engine/submission.ts";
import { encodeFrame } from "../../../src/wire/frame-codec.ts";
import { encodeSubmission } from "../../../src/wire/submission-codec.ts";
import type { StoredRun } from "./stored-runs.ts";

/** What takes the place of a closed run's history and submission when it goes into the archive. */
export function archivedRun(
  { frames, inbox }: StoredRun,
  submission: Submission,
): { readonly frame: Uint8Array; readonly mark: Uint8Array; readonly inboxUpTo: number } {
  const state = foldFrames(frames);
  const last = frames.at(-1);
  const end = last?.events.at(-1);
  if (state === undefined || last === undefined || end === undefined) {
    throw new Error("A run without a history has not ended");
  }
  const file = { store: "test", key: `archive/${submission.runId}`, sha256: "", size: 1 };
  const input = { encoding: "undefined", data: new Uint8Array() };
  const inboxUpTo = inbox.at(-1)?.sequence ?? 0;
  const told: ArchivedRun = {
    file,
    archivedAt: state.updatedAt,
    submission: { ...submission, input },
    inboxUpTo,
    runStartedAt: state.startedAt,
    takeOvers: state.takeOvers,
    crashes: state.crashes,
    version: state.version,
    cancelReason: state.cancelReason ?? "",
  };
  const at = state.updatedAt;
  const frame = encodeFrame({
    ...last,
    prev: 0,
    annotated: 0,
    events: [
      { type: "Archived", at, ...told },
      { type: "Annotated", at, ...state.annotations },
      end,
    ],
  });
  const archived = { file, archivedAt: at, restoredAt: 0 };
  return { frame, mark: encodeSubmission({ ...submission, input, archived }), inboxUpTo };
}
