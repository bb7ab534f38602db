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
    const { sequence, epoch, writer, events } = frame;
    const before = this.#before;
    let hasBegun = false;
    for (const event of events) {
      if (event.type === "Forked" || event.type === "Archived") this.#mayJump = true;
      if (event.type !== "Activated") continue;
      hasBegun = true;
      const isNext = event.epoch === this.#epoch + 1;
      if (!isNext && !(this.#mayJump && event.epoch > this.#epoch)) {
        const after = this.#epoch === 0 ? "none" : `epoch ${this.#epoch}`;
        this.#tell("epoch", sequence, `begins epoch ${event.epoch} after ${after}`);
      }
      this.#epoch = event.epoch;
      this.#mayJump = false;
    }
    const isMoved = writer.startsWith(FORKER) || writer.startsWith(IMPORTER) || afterGap;
    const isEnd = isStop(events) && epoch === this.#epoch + 1;
    if (epoch !== this.#epoch && !isEnd && !(epoch > this.#epoch && (this.#mayJump || isMoved))) {
      this.#tell("epoch", sequence, `has epoch ${epoch}, and its events are of ${this.#epoch}`);
    }
    if (!hasBegun && before?.epoch === epoch && before.writer !== writer) {
      const others = `epoch ${epoch} is ${before.writer}'s`;
      this.#tell("epoch", sequence, `was written by ${writer}, and ${others}`);
    }
    this.#epoch = epoch;
    if (isMoved) this.#mayJump = false;
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
    const where = (at: number): string => (at === 0 ? "no frame" : `frame ${at}`);
    const says = `names ${where(annotated)} as the last one in which the flow told of itself`;
    this.#tell("annotated", sequence, `${says}, and that is ${where(expected)}`);
  }

  #tell(kind: Flaw["kind"], sequence: number, what: string): void {
    this.#flaws.push({ kind, sequence, sentence: `Frame ${sequence} ${what}.` });
  }
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
