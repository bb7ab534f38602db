import type { RecordedFrame } from "../../engine/frame.ts";
import type { RunRef } from "../../engine/run-id.ts";
import { runStatus } from "../../engine/run-status.ts";
import { readSubmission } from "../../history/read-submission.ts";
import { chain, readHistory } from "../../history/run-history.ts";
import type { RunLog } from "../../ports/run-log.ts";
import { decodeFrame } from "../../wire/frame-codec.ts";
import { factsOf, type RunFacts, unknownRun } from "./run-facts.ts";

/**
 * What was known of a run before one of its frames, read from the log: two or three look-ups. Nothing when the frame is none of
 * the run's history (I2, I11), or is how the run came back from the archive.
 */
export async function readRunFacts(
  log: RunLog,
  run: RunRef,
  partition: number,
  frame: RecordedFrame,
): Promise<RunFacts | undefined> {
  const queue = frame.queue === "" ? run.flow : frame.queue;
  const [submission, before] = await Promise.all([
    readSubmission(log, run, queue),
    frameBefore(log, run, frame),
  ]);
  if (before === undefined) return undefined;
  const facts = submission === undefined ? unknownRun(run) : factsOf(run, submission);
  if (before === "none") return submission?.archived === undefined ? facts : undefined;
  const told = await readAnnotated(log, run, partition, frame);
  const attributes = { ...facts.attributes, ...told?.attributes };
  return {
    ...facts,
    head: before.sequence,
    status: runStatus(before.status),
    epoch: before.epoch,
    queue: before.queue === "" ? facts.queue : before.queue,
    addedTags: told?.tags ?? [],
    attributes,
  };
}

/** `none` for the first frame. Nothing for a frame that does not follow the one that it names. */
async function frameBefore(
  log: RunLog,
  run: RunRef,
  { prev, sequence }: RecordedFrame,
): Promise<RecordedFrame | "none" | undefined> {
  const stored = await log.history(run, sequence, Math.max(prev, 1));
  const found = stored.map((one) => one.sequence).join();
  if (prev === 0 && found === `${sequence}`) return "none";
  if (found === `${prev},${sequence}`) {
    const decoded = decodeFrame(stored[0]?.data ?? new Uint8Array());
    if (decoded.kind === "ok") return { ...decoded.value, sequence: prev };
  }
  // Something else stands there: only the whole history tells what is foreign.
  const { frames } = prev === 0 ? chain(stored) : await readHistory(log, run, sequence);
  if (frames.at(-1)?.sequence !== sequence) return undefined;
  return frames.at(-2) ?? "none";
}

/** What the flow had told of itself before the frame. */
async function readAnnotated(
  log: RunLog,
  run: RunRef,
  partition: number,
  { annotated }: RecordedFrame,
): Promise<Extract<RecordedFrame["events"][number], { type: "Annotated" }> | undefined> {
  if (annotated === 0) return undefined;
  const stored = await log.message(partition, annotated);
  const isOfRun = stored?.subject.endsWith(`.h.${run.flow}.${run.token}`) === true;
  const decoded = isOfRun ? decodeFrame(stored.data) : undefined;
  if (decoded?.kind !== "ok") return undefined;
  return decoded.value.events.findLast((event) => event.type === "Annotated");
}
