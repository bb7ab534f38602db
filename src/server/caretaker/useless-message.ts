import type { FedMessage } from "../../ports/event-feed.ts";
import type { RunFact } from "../../projections/run-fact.ts";
import { decodeFrame } from "../../wire/frame-codec.ts";
import { decodeInput } from "../../wire/input-codec.ts";
import { decodeSubmission } from "../../wire/submission-codec.ts";

/** Why a message tells of no run: the reason that its dead letter gives. `fact` is what was read of it. */
export function whyUseless(
  { kind, data }: FedMessage,
  fact: RunFact | undefined,
): string | undefined {
  if (fact !== undefined || kind === "dead") return undefined;
  const decoded = DECODERS[kind](data);
  return decoded.kind === "foreign"
    ? decoded.reason
    : "it speaks of another run than its subject, or no run can have this subject";
}

const DECODERS = { new: decodeSubmission, in: decodeInput, h: decodeFrame } as const;
