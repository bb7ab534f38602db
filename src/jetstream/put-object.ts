import { createHash } from "node:crypto";
import { JetStreamApiError, type JetStreamClient } from "@nats-io/jetstream";
import { headers, nuid } from "@nats-io/nats-core";
import type { ObjectInfo } from "@nats-io/obj";

/** A store in the form that every client library of NATS reads (ADR-20). */
export interface Bucket {
  readonly js: JetStreamClient;
  readonly name: string;
  /** The largest message that the server takes. */
  readonly maxPayload: number;
  /** For each message. */
  readonly timeoutMs: number;
}

/**
 * Stores an object, whose last message must still be `revision`; false if it is not. What is stored stays: the client library's
 * own put takes the pieces away when the message that names them is not confirmed, and if that was stored all the same it names
 * what is gone.
 */
export async function putObject(
  { js, name: bucket, maxPayload, timeoutMs: timeout }: Bucket,
  name: string,
  bytes: Uint8Array,
  revision: number,
): Promise<boolean> {
  const id = nuid.next();
  const size = Math.min(PIECE_BYTES, maxPayload);
  const pieces = piecesOf(bytes, size);
  for (const piece of pieces) await js.publish(pieceSubject(bucket, id), piece, { timeout });
  const rollUp = headers();
  rollUp.set("Nats-Rollup", "sub");
  const info = {
    bucket,
    nuid: id,
    name,
    size: bytes.length,
    chunks: pieces.length,
    options: { max_chunk_size: size },
    mtime: new Date().toISOString(),
    digest: `SHA-256=${padded(createHash("sha256").update(bytes).digest("base64url"))}`,
    deleted: false,
  };
  try {
    await js.publish(infoSubject(bucket, name), JSON.stringify(info), {
      timeout,
      headers: rollUp,
      expect: { lastSubjectSequence: revision },
    });
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return false;
    throw error;
  }
}

/** Whether all pieces of an object are in the store. */
export async function isWhole({ js, name }: Bucket, object: ObjectInfo): Promise<boolean> {
  const filter = pieceSubject(name, object.nuid);
  const manager = await js.jetstreamManager(false);
  const { state } = await manager.streams.info(objectStream(name), { subjects_filter: filter });
  return (state.subjects?.[filter] ?? 0) === object.chunks;
}

/** The stream behind a store. */
export function objectStream(bucket: string): string {
  return `OBJ_${bucket}`;
}

function piecesOf(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

/** Where the pieces of an object are. */
export function pieceSubject(bucket: string, id: string): string {
  return `$O.${bucket}.C.${id}`;
}

function infoSubject(bucket: string, name: string): string {
  return `$O.${bucket}.M.${padded(Buffer.from(name).toString("base64url"))}`;
}

function padded(base64url: string): string {
  return base64url.padEnd(Math.ceil(base64url.length / 4) * 4, "=");
}

const PIECE_BYTES = 131_072;
const WRONG_LAST_SEQUENCE = 10_071;
