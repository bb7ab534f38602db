import type { Attributes } from "../engine/attributes.ts";
import type { Payload } from "../engine/payload.ts";
import { parseRunId, type RunRef } from "../engine/run-id.ts";
import { attributesOf } from "./attribute-codec.ts";
import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import { messages } from "./messages.ts";
import { payloadOf } from "./payload-codec.ts";

/** What is heeded of a `Submission` that somebody published who is no client of Millrace: what a client would ask its user. */
export interface OutsideSubmission {
  /** Nothing when it names no run: its key is made for it then. */
  readonly run: RunRef | undefined;
  /** Empty for the flow's own. */
  readonly queue: string;
  readonly input: Payload;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly attributes: Attributes;
  /** 0 for at once. */
  readonly startAt: number;
  /** 0 for never. */
  readonly deadlineAt: number;
}

/** Reads one. The rest of its fields is for Millrace to say: they are passed over, or refused where that would change its sense. */
export function decodeOutsideSubmission(bytes: Uint8Array): Decoded<OutsideSubmission> {
  return decodeMessage(
    () => messages.Submission.decode(bytes),
    (message, isNewer) => {
      if (isNewer) return NEWER;
      if (message.parent != null || message.archived != null) {
        return "it names a parent or an archive, which only Millrace does";
      }
      const { runId, queue, tags, metadata, startAt, deadlineAt } = message;
      try {
        return {
          run: runId === "" ? undefined : parseRunId(runId),
          queue,
          input: message.input == null ? NO_INPUT : payloadOf(message.input),
          tags,
          metadata,
          attributes: attributesOf(message.attributes),
          startAt,
          deadlineAt,
        };
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  );
}

const NO_INPUT: Payload = { encoding: "undefined", data: new Uint8Array() };
