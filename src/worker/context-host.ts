import type { Logger } from "pino";
import type { InputBody } from "../engine/input.ts";
import type { PlainPayload } from "../engine/payload.ts";
import type { RunId, RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { Annotated } from "./annotated.ts";
import type { Emitter } from "./emitter.ts";
import type { PlannedChild } from "./run-children.ts";
import type { StepCache } from "./step-cache.ts";
import type { StepPlan } from "./step-plan.ts";

/** What a context needs of the activation that it belongs to. `shielded`: a cancellation does not reach the command. */
export interface ContextHost {
  readonly runId: RunId;
  readonly attempt: number;
  readonly submission: Submission;
  readonly tags: readonly string[];
  readonly log: Logger;
  readonly now: number;
  /** The largest value that can be sent or recorded. */
  readonly maxPayloadBytes: number;
  /** Outcomes that runs share. */
  readonly cache: StepCache;
  readonly emitter: Emitter;
  /** The time of the last event before this activation, if the one before it ended without a word. */
  readonly interruptedAt: number | undefined;
  step(id: string, plan: StepPlan, shielded: boolean): Promise<unknown>;
  timer(id: string, fireAt: (now: number) => number, shielded: boolean): Promise<void>;
  /** What was sent, as it stands in the inbox, or nothing when its time is over. */
  receive(
    id: string,
    signal: string,
    until: ((now: number) => number) | undefined,
    shielded: boolean,
  ): Promise<PlainPayload | undefined>;
  child(id: string, child: PlannedChild, shielded: boolean): Promise<void>;
  outcome(id: string, run: RunId, shielded: boolean): Promise<unknown>;
  /** Sends an input to another run, from within a step. */
  send(run: RunRef, body: InputBody, inputId: string): Promise<void>;
  /** Asks another run to tell this one of its end, from within a step. */
  watch(run: RunRef): Promise<void>;
  annotate(change: (annotated: Annotated) => void): void;
  patch(id: string): boolean;
  /** What had led to this error is undone: the run cannot go on from the step that it came from. */
  undone(error: unknown): void;
}
