import { isClosed, type RecordedFrame } from "../../../src/engine/frame.ts";
import type { RunInput } from "../../../src/engine/input.ts";
import type { Submission } from "../../../src/engine/submission.ts";
import { chain, type ForeignMessage } from "../../../src/history/run-history.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import { decodeInput } from "../../../src/wire/input-codec.ts";
import { decodeSubmission } from "../../../src/wire/submission-codec.ts";

/** All that a stream holds of one run. */
export interface StoredRun {
  readonly id: string;
  readonly submission: Submission | undefined;
  readonly frames: readonly RecordedFrame[];
  /** Messages on the history's subject that do not continue it. */
  readonly foreign: readonly ForeignMessage[];
  readonly inbox: readonly StoredInput[];
  /** The same as it was stored. */
  readonly storedInbox: readonly Stored[];
}

export interface StoredInput extends RunInput {
  readonly sequence: number;
}

/** The runs that were submitted, by id. */
export function runsIn(messages: readonly Stored[]): ReadonlyMap<string, StoredRun> {
  const bySubject = new Map<string, Record<"new" | "in" | "h", Stored[]>>();
  for (const message of messages) {
    const [, , , kind, ...rest] = message.subject.split(".");
    if (kind !== "new" && kind !== "in" && kind !== "h") continue;
    const run = rest.slice(-2).join(":");
    const stored = bySubject.get(run) ?? { new: [], in: [], h: [] };
    stored[kind].push(message);
    bySubject.set(run, stored);
  }
  const runs = new Map<string, StoredRun>();
  for (const [id, stored] of bySubject) {
    const { frames, foreign } = chain(stored.h);
    const inbox = stored.in.flatMap(({ sequence, data }) => {
      const decoded = decodeInput(data);
      return decoded.kind === "ok" ? [{ ...decoded.value, sequence }] : [];
    });
    const [first] = stored.new;
    const decoded = first === undefined ? undefined : decodeSubmission(first.data);
    const submission = decoded?.kind === "ok" ? decoded.value : undefined;
    runs.set(id, { id, submission, frames, foreign, inbox, storedInbox: stored.in });
  }
  return runs;
}

/** The runs that were submitted and have not ended. */
export function openRunsIn(messages: readonly Stored[]): readonly StoredRun[] {
  return [...runsIn(messages).values()].filter(
    ({ submission, frames }) =>
      submission !== undefined && !isClosed(frames.at(-1)?.status ?? "pending"),
  );
}
