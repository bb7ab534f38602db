import type { RecordedFrame } from "../engine/frame.ts";
import type { Layers } from "../engine/partition.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { FedMessage } from "../ports/event-feed.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { runOfSubject } from "../wire/run-of-subject.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";

/** What a message tells of a run. */
export type RunFact = {
  readonly run: RunRef;
  readonly partition: number;
  readonly sequence: number;
} & (
  | { readonly kind: "submission"; readonly submission: Submission }
  | { readonly kind: "frame"; readonly frame: RecordedFrame }
  /** Something is in the inbox that the run has in this queue. */
  | { readonly kind: "input"; readonly queue: string }
);

/**
 * Reads a message, or gives nothing for one that tells of no run: its bytes cannot be understood, its subject is no run's
 * in this partition, or it speaks of another run than its subject (I11).
 */
export function readFact(message: FedMessage, layers: Layers): RunFact | undefined {
  const { kind, data, sequence, partition } = message;
  const run = runOfSubject(message, layers);
  if (run === undefined) return undefined;
  const place = { run, partition, sequence };
  switch (kind) {
    case "new": {
      const decoded = decodeSubmission(data);
      if (decoded.kind === "foreign" || decoded.value.runId !== run.id) return undefined;
      return { kind: "submission", ...place, submission: decoded.value };
    }
    case "h": {
      const decoded = decodeFrame(data);
      if (decoded.kind === "foreign") return undefined;
      return { kind: "frame", ...place, frame: { ...decoded.value, sequence } };
    }
    case "in": {
      const queue = message.subject.split(".")[QUEUE] ?? "";
      return decodeInput(data).kind === "ok" ? { kind: "input", ...place, queue } : undefined;
    }
    case "dead":
      return undefined;
  }
}

/** Where the queue's name is in `mr.<ns>.<p>.in.<queue>.<flow>.<key>` (docs/protocol.md). */
const QUEUE = 4;
