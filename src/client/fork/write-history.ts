/**
 * Puts a copied history under the subject of its fork. Each write expects what was there before (I2), so of two who do it at
 * once each sees the other's; and nothing is run by it, for the submission comes later.
 */
import { annotatedAt, type Frame } from "../../engine/frame.ts";
import { RunExistsError } from "../../engine/run-errors.ts";
import type { RunRef } from "../../engine/run-id.ts";
import { FORKER } from "../../engine/submission.ts";
import { BrokerError } from "../../engine/usage-errors.ts";
import { readSureHead } from "../../history/run-head.ts";
import type { RunLog } from "../../ports/run-log.ts";
import { encodeFrame } from "../../wire/frame-codec.ts";
import type { Patience } from "../patience.ts";

/**
 * Writes the frames, or finds them written by somebody who asked for the same fork. `isThere` says that the fork was submitted
 * meanwhile. What somebody left who died before his last frame is replaced.
 * @throws {@link RunExistsError} when the key has another history, {@link BrokerError} when it is not confirmed.
 */
export async function writeHistory(
  log: RunLog,
  run: RunRef,
  frames: readonly Omit<Frame, "prev" | "annotated">[],
  fork: {
    readonly request: string;
    readonly isThere: () => Promise<boolean>;
    readonly patience: Patience;
  },
): Promise<void> {
  const { request, isThere, patience } = fork;
  for (;;) {
    const { frame, last } = await patience.ask(() => readSureHead(log, run));
    const end = frame?.events.at(-1);
    if (end?.type === "Forked" && end.request === request) return;
    if (frame !== undefined && (end?.type === "Forked" || !frame.writer.startsWith(FORKER))) {
      if (await isThere()) return;
      throw new RunExistsError(run.id);
    }
    const cause = await tryToWrite(log, run, frames, last, frame !== undefined);
    if (cause === "written") return;
    if (patience.isOver) {
      throw new BrokerError(
        `The history of ${run.id} was not confirmed. Fork it again with the same key: it runs once.`,
        { cause },
      );
    }
    await patience.pause();
  }
}

/** Gives why not: then it is not known what stands there. */
async function tryToWrite(
  log: RunLog,
  run: RunRef,
  frames: readonly Omit<Frame, "prev" | "annotated">[],
  last: number,
  isBegun: boolean,
): Promise<unknown> {
  let place = { sequence: last, prev: 0, annotated: 0 };
  for (const [at, own] of frames.entries()) {
    const { prev, annotated } = place;
    const frame: Frame = { ...own, prev, annotated };
    const bytes = encodeFrame(frame);
    const outcome =
      at === 0 && isBegun
        ? await replaceHead(log, run, last, bytes)
        : await log.append(run, place.sequence, bytes);
    if (outcome.status !== "written") return "cause" in outcome ? outcome.cause : undefined;
    const { sequence } = outcome;
    place = { sequence, prev: sequence, annotated: annotatedAt({ ...frame, sequence }) };
  }
  return "written";
}

async function replaceHead(
  log: RunLog,
  run: RunRef,
  last: number,
  bytes: Uint8Array,
): Promise<Awaited<ReturnType<RunLog["rollUp"]>>> {
  const head = await log.head(run);
  return head?.sequence === last ? log.rollUp(head, bytes) : { status: "conflict" };
}
