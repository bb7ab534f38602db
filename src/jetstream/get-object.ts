import type { ObjectInfo } from "@nats-io/obj";
import type { DirectGet } from "./direct-get.ts";
import type { LeaderReads } from "./leader-reads.ts";
import { objectStream, pieceSubject } from "./put-object.ts";

/** How messages of an object's stream are read. */
export interface PieceReads {
  readonly direct: DirectGet;
  readonly leader: LeaderReads;
}

/**
 * The pieces of an object, in order, about a mebibyte at a time. They are read without a consumer: the client library makes one
 * for each object that it reads, and a broker that is behind has soon hundreds of them to make.
 *
 * @throws {@link BrokerError} when no answer comes within 5 s; an `Error` when pieces are gone.
 */
export async function* piecesOfObject(
  { direct, leader }: PieceReads,
  object: ObjectInfo,
): AsyncGenerator<Uint8Array, void> {
  const { bucket, nuid, chunks, revision } = object;
  const stream = objectStream(bucket);
  const subject = pieceSubject(bucket, nuid);
  const place = { stream, subject, partition: 0 };
  let last = 0;
  for (let read = 0; read < chunks; ) {
    const pieces: Uint8Array[] = [];
    const tell = ({ data }: { readonly data: Uint8Array }): unknown => pieces.push(data);
    // The message that names the pieces came after them.
    last = (await direct.batch(place, last + 1, revision, tell)) ?? last;
    if (pieces.length === 0) {
      // Whoever answered may be behind the stream's leader.
      const piece = await leader.get(stream, { seq: last + 1, next_by_subj: subject });
      if (piece === undefined) throw new Error(`${chunks - read} of its ${chunks} pieces are gone`);
      last = piece.seq;
      pieces.push(Buffer.from(piece.data ?? "", "base64"));
    }
    read += pieces.length;
    yield* pieces;
  }
}
