import type { ArchiveMark } from "../engine/archive-mark.ts";
import { checkToken, isToken } from "../engine/names.ts";
import { parseRunId } from "../engine/run-id.ts";
import {
  type ImportMark,
  isForked,
  type Origin,
  type Parent,
  type Submission,
} from "../engine/submission.ts";
import { attributesOf, attributesToWire } from "./attribute-codec.ts";
import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import type { millrace } from "./generated/millrace.js";
import { FORMAT, messages } from "./messages.ts";
import { blobRefOf, payloadOf } from "./payload-codec.ts";

export function encodeSubmission(submission: Submission): Uint8Array {
  return messages.Submission.encode(submissionToWire(submission)).finish();
}

/** A submission as it stands in a message. */
export function submissionToWire(submission: Submission): millrace.v1.Submission.$Properties {
  const { parent, tags, attributes } = submission;
  // Taking fields out of a copy costs several times as much as writing over them.
  return {
    ...submission,
    parent: parent ?? null,
    format: isForked(submission) || submission.imported !== undefined ? NOT_TO_START : FORMAT,
    tags: [...tags],
    attributes: attributesToWire(attributes),
  };
}

/** Reads a message from a `new` subject; anything that is not a submission comes back as foreign (I11). */
export function decodeSubmission(bytes: Uint8Array): Decoded<Submission> {
  return decodeMessage(
    () => messages.Submission.decode(bytes),
    (message, isNewer) => (isNewer && !hasHistory(message) ? NEWER : submissionFromWire(message)),
  );
}

/** The format of what has a history already. A worker that does not know such runs sets it aside, and does not start it anew. */
const NOT_TO_START = 2;

function hasHistory({ format, origin, imported }: millrace.v1.Submission.$Properties): boolean {
  const isImported = imported !== null && imported !== undefined;
  return format === NOT_TO_START && (isImported || (origin?.event ?? 0) > 0);
}

/** What a message says that stands on a `new` subject, or stood there; or why it makes no sense. */
export function submissionFromWire(
  message: millrace.v1.Submission.$Properties,
): Submission | string {
  const { tags, metadata, replyTo, input, isKeyNew } = message;
  const queue = message.queue ?? "";
  const submissionId = message.submissionId ?? "";
  if (!isToken(queue) || submissionId === "") return "it names no queue or submission id";
  try {
    const { id } = parseRunId(message.runId ?? "");
    return {
      runId: id,
      queue,
      submissionId,
      tags: tags ?? [],
      metadata: metadata ?? {},
      attributes: attributesOf(message.attributes),
      replyTo: replyTo ?? "",
      isKeyNew: isKeyNew ?? false,
      submittedAt: message.submittedAt ?? 0,
      startAt: message.startAt ?? 0,
      deadlineAt: message.deadlineAt ?? 0,
      parent: parentOf(message.parent),
      input: payloadOf(input),
      ...archiveMarkOf(message.archived),
      ...originOf(message.origin),
      ...importMarkOf(message.imported),
    };
  } catch {
    return "its run id, or what it says of its parent or origin, is not one";
  }
}

function importMarkOf(wire: millrace.v1.ImportMark.$Properties | null | undefined): {
  readonly imported?: ImportMark;
} {
  if (wire === null || wire === undefined) return {};
  const { namespace, importedAt, sha256 } = wire;
  return {
    imported: { namespace: namespace ?? "", importedAt: importedAt ?? 0, sha256: sha256 ?? "" },
  };
}

function archiveMarkOf(wire: millrace.v1.ArchiveMark.$Properties | null | undefined): {
  readonly archived?: ArchiveMark;
} {
  if (wire === null || wire === undefined) return {};
  const { file, archivedAt, restoredAt } = wire;
  return {
    archived: {
      file: blobRefOf(file),
      archivedAt: archivedAt ?? 0,
      restoredAt: restoredAt ?? 0,
    },
  };
}

function originOf(wire: millrace.v1.Origin.$Properties | null | undefined): {
  readonly origin?: Origin;
} {
  if (wire === null || wire === undefined) return {};
  const { id: runId } = parseRunId(wire.runId ?? "");
  return { origin: { runId, event: wire.event ?? 0, request: wire.request ?? "" } };
}

function parentOf(wire: millrace.v1.Parent.$Properties | null | undefined): Parent | undefined {
  if (wire === null || wire === undefined) return undefined;
  const { id: runId } = parseRunId(wire.runId ?? "");
  const { id: root } = parseRunId(wire.root ?? "");
  // The parent is told of the end on a subject with this queue in it.
  const queue = checkToken("A queue's name", wire.queue ?? "");
  return { runId, queue, root, depth: wire.depth ?? 0 };
}
