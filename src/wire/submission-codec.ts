import { checkToken, isToken } from "../engine/names.ts";
import { parseRunId } from "../engine/run-id.ts";
import type { Parent, Submission } from "../engine/submission.ts";
import { attributesOf, attributesToWire } from "./attribute-codec.ts";
import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import type { millrace } from "./generated/millrace.js";
import { FORMAT, messages } from "./messages.ts";
import { payloadOf } from "./payload-codec.ts";

export function encodeSubmission(submission: Submission): Uint8Array {
  const { parent, tags, attributes, ...rest } = submission;
  return messages.Submission.encode({
    ...rest,
    ...(parent === undefined ? {} : { parent }),
    format: FORMAT,
    tags: [...tags],
    attributes: attributesToWire(attributes),
  }).finish();
}

/** Reads a message from a `new` subject; anything that is not a submission comes back as foreign (I11). */
export function decodeSubmission(bytes: Uint8Array): Decoded<Submission> {
  return decodeMessage(
    () => messages.Submission.decode(bytes),
    (message, isNewer) => {
      if (isNewer) return NEWER;
      const { queue, submissionId, tags, metadata, replyTo, input, isKeyNew } = message;
      if (!isToken(queue) || submissionId === "") return "it names no queue or submission id";
      try {
        const { id } = parseRunId(message.runId);
        return {
          runId: id,
          queue,
          submissionId,
          tags,
          metadata,
          attributes: attributesOf(message.attributes),
          replyTo,
          isKeyNew,
          submittedAt: message.submittedAt,
          startAt: message.startAt,
          deadlineAt: message.deadlineAt,
          parent: parentOf(message.parent),
          input: payloadOf(input),
        };
      } catch {
        return "its run id, or what it says of its parent, is not one";
      }
    },
  );
}

function parentOf(wire: millrace.v1.Parent.$Properties | null | undefined): Parent | undefined {
  if (wire === null || wire === undefined) return undefined;
  const { id: runId } = parseRunId(wire.runId ?? "");
  const { id: root } = parseRunId(wire.root ?? "");
  // The parent is told of the end on a subject with this queue in it.
  const queue = checkToken("A queue's name", wire.queue ?? "");
  return { runId, queue, root, depth: wire.depth ?? 0 };
}
