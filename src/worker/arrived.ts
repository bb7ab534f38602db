import type { ArrivedMessage } from "../engine/delivery-rules.ts";
import type { PlainInput } from "../engine/input.ts";
import type { Submission } from "../engine/submission.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import type { KeptMessage } from "./kept-message.ts";

/** A message with what its body says. */
export interface Arrived extends ArrivedMessage {
  /** Of a message from `new`. */
  readonly submission?: Submission;
  /** Of a plain input. */
  readonly input?: PlainInput;
  /** The run's queue; the message may have waited in another. */
  readonly queue: string;
}

/** Reads a message's body, or says why it cannot be understood. */
export function readArrived({ delivery, aged }: KeptMessage): Arrived | string {
  const { kind, run, queue: waitedIn, sequence, redelivered, fresh, data } = delivery;
  const place = { sequence, redelivered, stale: !redelivered && (aged || !fresh) };
  if (kind === "new") {
    const decoded = decodeSubmission(data);
    if (decoded.kind === "foreign") return decoded.reason;
    const submission = decoded.value;
    if (submission.runId !== run.id) return `it says that it is for run ${submission.runId}`;
    return { kind, ...place, replaces: [], resume: false, submission, queue: submission.queue };
  }
  const decoded = decodeInput(data);
  if (decoded.kind === "foreign") return decoded.reason;
  const { body } = decoded.value;
  if (body.type !== "Wake") {
    return { kind: "input", ...place, replaces: [], resume: false, input: body, queue: waitedIn };
  }
  const { replaces, resume, queue } = body;
  return { kind: "wake", ...place, replaces, resume, queue: queue === "" ? waitedIn : queue };
}
