import type { Payload } from "./payload.ts";
import type { RunId } from "./run-id.ts";

/** What was asked for when a run was submitted: stored once, for ever. */
export interface Submission {
  readonly runId: RunId;
  readonly queue: string;
  /** Tells one call of `submit` from another with the same key. */
  readonly submissionId: string;
  readonly input: Payload;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, the submitter's clock. */
  readonly submittedAt: number;
  /** A subject to which the closing frame is sent as a hint, or empty. */
  readonly replyTo: string;
  /** The key was made for this submission: no other one can have it. */
  readonly isKeyNew: boolean;
}
