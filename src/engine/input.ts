import type { Payload } from "./payload.ts";
import type { RunOutcome } from "./run-outcome.ts";

/** What arrives for a run from outside, through its inbox. */
export interface RunInput {
  /** Unique; an input that is stored twice is folded once. */
  readonly inputId: string;
  readonly sentAt: number;
  readonly body: InputBody;
}

/**
 * What the id of an input begins with that was copied from another run's inbox: no user's id has such a character. A history
 * names the copies that it begins with; any other was put there by somebody who died before his fork was made.
 */
export const COPIED = "\u0001fork/";

export type InputBody = WakeInput | PlainInput;

/** An input that the history folds by name: all but wakes. */
export type PlainInput = SignalInput | CancelInput | RunClosedInput | WatchInput;

/** An input that only wakes: a new token for the run. */
export interface WakeInput {
  readonly type: "Wake";
  /** Sequences of the tokens it stands for. */
  readonly replaces: readonly number[];
  /** Continue a parked, failed or crashed run. */
  readonly resume: boolean;
  /** The run's queue; where the message waits may be another. */
  readonly queue: string;
}

/** A value for a flow that receives it by this name. */
export interface SignalInput {
  readonly type: "Signal";
  readonly name: string;
  readonly payload: Payload;
}

/** Asks the run to stop. Its flow may still clean up. */
export interface CancelInput {
  readonly type: "Cancel";
  readonly reason: string;
}

/** A reason as it is kept: it goes into several events, and they must fit in a message together. */
export function shortReason(reason: string): string {
  return reason.slice(0, MAX_REASON);
}

/** Characters of a reason that are kept. */
const MAX_REASON = 1_000;

/** How another run ended that this one waits for. */
export interface RunClosedInput {
  readonly type: "RunClosed";
  readonly runId: string;
  readonly outcome: RunOutcome;
}

/** Another run wants to be told when this one has ended. */
export interface WatchInput {
  readonly type: "Watch";
  readonly runId: string;
  /** That run's queue: where its inbox is. */
  readonly queue: string;
}
