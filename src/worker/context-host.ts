import type { Logger } from "pino";
import type { PlainPayload } from "../engine/payload.ts";
import type { RunId, RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { Annotated } from "./annotated.ts";
import type { AskedStep } from "./asked-step.ts";
import type { PlannedChild } from "./run-children.ts";

/** What a context needs of whoever plays the flow that it belongs to. `shielded`: a cancellation does not reach the command. */
export interface ContextHost {
  readonly runId: RunId;
  readonly attempt: number;
  readonly submission: Submission;
  readonly tags: readonly string[];
  readonly log: Logger;
  readonly now: number;
  /** The largest value that can be sent or recorded. */
  readonly maxPayloadBytes: number;
  /** Numbers in [0, 1) for one place of the flow: the same in every replay. */
  chance(place: string): () => number;
  /** The flow is about to ask for something under this id: the line that does so is on the stack. */
  naming(id: string): void;
  step(id: string, step: AskedStep, shielded: boolean): Promise<unknown>;
  timer(id: string, fireAt: (now: number) => number, shielded: boolean): Promise<void>;
  /** What was sent, as it stands in the inbox, or nothing when its time is over. */
  receive(
    id: string,
    signal: string,
    until: ((now: number) => number) | undefined,
    shielded: boolean,
  ): Promise<PlainPayload | undefined>;
  /** The child's run as it is recorded: in a fork, what is planned may be another one. */
  child(id: string, child: PlannedChild, shielded: boolean): Promise<RunRef>;
  outcome(id: string, run: RunId, shielded: boolean): Promise<unknown>;
  annotate(change: (annotated: Annotated) => void): void;
  patch(id: string): boolean;
  /** What had led to this error is undone: the run cannot go on from the step that it came from. */
  undone(error: unknown): void;
}
