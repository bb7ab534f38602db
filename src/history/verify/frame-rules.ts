/**
 * What must hold between a frame and the one before it, whatever its events say: epochs rise by one and have one writer (I2),
 * the status is the one of the last event, and the newest frame with annotations is named. A history that was moved stands in
 * one frame with several activations: what is asked of each frame is asked of its events then.
 */
import { annotatedAt, type RecordedFrame } from "../../engine/frame.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import { FORKER, IMPORTER } from "../../engine/submission.ts";
import type { Flaw } from "../flaw.ts";

export class FrameRules {
  readonly #flaws: Flaw[] = [];
  #before: RecordedFrame | undefined;
  /** Of the last activation. */
  #epoch = 0;
  /** The next activation may have any higher epoch: some were not copied. */
  #mayJump = false;

  get flaws(): readonly Flaw[] {
    return this.#flaws;
  }

  /** `afterGap`: what was before it is not known. */
  add(frame: RecordedFrame, afterGap: boolean): void {
    if (afterGap) this.#mayJump = true;
    this.#checkEpoch(frame, afterGap);
    this.#checkStatus(frame);
    if (!afterGap) this.#checkAnnotated(frame);
    this.#before = frame;
  }

  #checkEpoch(frame: RecordedFrame, afterGap: boolean): void {
    const { sequence, epoch, events } = frame;
    let hasBegun = false;
    for (const event of events) {
      if (event.type === "Forked" || event.type === "Archived") this.#mayJump = true;
      if (event.type !== "Activated") continue;
      hasBegun = true;
      this.#begin(event.epoch, sequence);
    }
    const isEnd = isStop(events) && epoch === this.#epoch + 1;
    const mayBeAhead = isEnd || this.#mayJump || isMoved(frame);
    if (epoch < this.#epoch || (epoch > this.#epoch && !mayBeAhead)) {
      this.#tell("epoch", sequence, `has epoch ${epoch}, and its events are of ${this.#epoch}`);
    }
    if (!hasBegun) this.#checkWriter(frame);
    this.#epoch = epoch;
    if (afterGap || isMoved(frame)) this.#mayJump = false;
  }

  #checkWriter({ sequence, epoch, writer }: RecordedFrame): void {
    const before = this.#before;
    if (before?.epoch !== epoch || before.writer === writer) return;
    const others = `epoch ${epoch} is ${before.writer}'s`;
    this.#tell("epoch", sequence, `was written by ${writer}, and ${others}`);
  }

  #begin(epoch: number, sequence: number): void {
    const isNext = epoch === this.#epoch + 1;
    if (!isNext && !(this.#mayJump && epoch > this.#epoch)) {
      const after = this.#epoch === 0 ? "none" : `epoch ${this.#epoch}`;
      this.#tell("epoch", sequence, `begins epoch ${epoch} after ${after}`);
    }
    this.#epoch = epoch;
    this.#mayJump = false;
  }

  #checkStatus({ sequence, status, events, writer }: RecordedFrame): void {
    const last = events.at(-1);
    if (last === undefined || last.type === "Unknown" || writer.startsWith(FORKER)) return;
    const allowed = STATUS_AFTER[last.type] ?? ACTIVE;
    if (allowed.includes(status)) return;
    this.#tell("status", sequence, `says ${status} after ${last.type}`);
  }

  #checkAnnotated({ sequence, annotated }: RecordedFrame): void {
    const expected = this.#before === undefined ? 0 : annotatedAt(this.#before);
    if (annotated === expected) return;
    const says = `names ${named(annotated)} as the last one in which the flow told of itself`;
    this.#tell("annotated", sequence, `${says}, and that is ${named(expected)}`);
  }

  #tell(kind: Flaw["kind"], sequence: number, what: string): void {
    this.#flaws.push({ kind, sequence, sentence: `Frame ${sequence} ${what}.` });
  }
}

function named(sequence: number): string {
  return sequence === 0 ? "no frame" : `frame ${sequence}`;
}

/** True for a frame that was not written where the run was executed. */
function isMoved({ writer }: RecordedFrame): boolean {
  return writer.startsWith(FORKER) || writer.startsWith(IMPORTER);
}

/** True for the frame by which somebody ends a run in place of whoever has it. */
function isStop(events: readonly RunEvent[]): boolean {
  return events.at(-1)?.type === "Cancelled";
}

const ACTIVE: readonly string[] = ["running", "awaiting-retry", "cancelling"];

const STATUS_AFTER: Partial<Record<RunEvent["type"], readonly string[]>> = {
  Completed: ["completed"],
  Failed: ["failed"],
  Crashed: ["crashed"],
  Cancelled: ["cancelled"],
  Suspended: ["suspended", "scheduled"],
  Released: ["released"],
  Forked: ["released"],
  Parked: ["parked"],
};
