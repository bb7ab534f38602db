import type { RecordedFrame } from "../../engine/frame.ts";
import { FORKER, IMPORTER, isForked, type Submission } from "../../engine/submission.ts";
import type { Flaw } from "../flaw.ts";

/** What a submission says of where the run's history comes from, and the history does not. */
export function originFlaws(
  submission: Submission,
  frames: readonly RecordedFrame[],
): readonly Flaw[] {
  const { runId, origin, imported } = submission;
  const flaws: Flaw[] = [];
  const tell = (sequence: number, sentence: string): number =>
    flaws.push({ kind: "fork", sequence, sentence });
  const copied = frames.filter(({ writer }) => writer.startsWith(FORKER));
  const forks = frames.flatMap(({ sequence, events }) =>
    events.flatMap((event) => (event.type === "Forked" ? [{ sequence, event }] : [])),
  );
  const own = forks.at(-1);
  if (isForked(submission) && origin !== undefined && imported === undefined) {
    const of = `Run ${runId} is a fork of ${origin.runId} up to event ${origin.event}`;
    if (own === undefined) tell(frames[0]?.sequence ?? 0, `${of}, and its history is no copy.`);
    else if (own.event.request !== origin.request || own.event.origin !== origin.runId) {
      tell(own.sequence, `${of}, and frame ${own.sequence} copies ${own.event.origin}.`);
    } else if (own.event.event !== origin.event) {
      tell(own.sequence, `${of}, and frame ${own.sequence} says ${own.event.event}.`);
    }
  } else if (copied.length > 0) {
    const [{ sequence } = { sequence: 0 }] = copied;
    tell(sequence, `Frame ${sequence} is a copy of another history, and run ${runId} is no fork.`);
  }
  const first = frames[0];
  if (imported !== undefined && first !== undefined && !first.writer.startsWith(IMPORTER)) {
    const sentence = `Frame ${first.sequence} was written by ${first.writer}, and run ${runId} is an imported one.`;
    flaws.push({ kind: "epoch", sequence: first.sequence, sentence });
  }
  return flaws;
}
