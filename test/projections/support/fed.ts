import type { RecordedFrame } from "../../../src/engine/frame.ts";
import type { InputBody } from "../../../src/engine/input.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import { parseRunId } from "../../../src/engine/run-id.ts";
import type { Submission } from "../../../src/engine/submission.ts";
import type { FedKind, FedMessage } from "../../../src/ports/event-feed.ts";
import { encodeFrame } from "../../../src/wire/frame-codec.ts";
import { encodeInput } from "../../../src/wire/input-codec.ts";
import { encodeSubmission } from "../../../src/wire/submission-codec.ts";

/** The run that most tests are about. */
export const RUN = "checkout:order-42";

/** Its submission. */
export const PLAIN: Submission = {
  runId: RUN,
  queue: "checkout",
  submissionId: "s1",
  input: { encoding: "undefined", data: new Uint8Array() },
  tags: [],
  metadata: {},
  attributes: {},
  submittedAt: 1_000,
  replyTo: "",
  isKeyNew: false,
  parent: undefined,
  startAt: 0,
  deadlineAt: 0,
};

/** A stored submission of {@link RUN}, in its own queue. */
export function submitted(sequence: number, parts: Partial<Submission> = {}): FedMessage {
  const submission = { ...PLAIN, ...parts };
  const { flow, token } = parseRunId(submission.runId);
  const subject = `mr.test.0.new.${submission.queue}.${flow}.${token}`;
  return fed("new", subject, sequence, encodeSubmission(submission));
}

/** A stored frame of {@link RUN}. */
export function appended(
  sequence: number,
  parts: Partial<RecordedFrame> & Pick<RecordedFrame, "prev" | "status">,
  ...events: readonly RunEvent[]
): FedMessage {
  const frame = {
    epoch: 1,
    writer: "w1",
    inboxFolded: 0,
    token: 1,
    queue: "checkout",
    annotated: 0,
    events,
    ...parts,
  };
  const { flow, token } = parseRunId(RUN);
  return fed("h", `mr.test.0.h.${flow}.${token}`, sequence, encodeFrame(frame));
}

/** An input of {@link RUN}. */
export function put(sequence: number, queue = "checkout", body: InputBody = WAKE): FedMessage {
  const { flow, token } = parseRunId(RUN);
  const input = encodeInput({ inputId: `i${sequence}`, sentAt: 0, body });
  return fed("in", `mr.test.0.in.${queue}.${flow}.${token}`, sequence, input);
}

const WAKE: InputBody = { type: "Wake", replaces: [], resume: false, queue: "" };

/** Any bytes on any subject. */
export function fed(
  kind: FedKind,
  subject: string,
  sequence: number,
  data: Uint8Array,
  partition = 0,
): FedMessage {
  return { kind, subject, partition, sequence, data, storedAt: sequence };
}

export function activated(
  at: number,
  reason: "submitted" | "takeover" | "woken" = "submitted",
): RunEvent {
  return { type: "Activated", at, epoch: 1, worker: "w1", token: 1, reason, version: "v2" };
}

export function failed(at: number, name: string, message: string): RunEvent {
  const data = new TextEncoder().encode(JSON.stringify({ name, message }));
  return { type: "Failed", at, step: "", error: { encoding: "error", data } };
}
