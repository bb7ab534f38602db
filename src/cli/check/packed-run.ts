import type { RunFileBlob } from "../../archive/run-file-format.ts";
import type { StoredRun } from "../../history/recorded-run.ts";
import type { Stored } from "../../ports/run-log.ts";

/** A run's messages in one piece of memory, which goes to another thread without being copied. */
export interface PackedRun {
  readonly id: string;
  readonly bytes: ArrayBuffer;
  /** For each message: subject, sequence, length. The submission, then the inbox, then the history. */
  readonly places: readonly (readonly [subject: string, sequence: number, length: number])[];
  /** How many of them are of the inbox. */
  readonly inbox: number;
  readonly partition: number;
  /** Payloads that were too large for a message; nothing when nobody looked for them. */
  readonly blobs: readonly RunFileBlob[] | undefined;
}

/** The messages of a run as another thread is given them. */
export function packRun(
  id: string,
  { submission, inbox, history }: StoredRun,
  blobs?: readonly RunFileBlob[],
): PackedRun {
  const messages = [submission, ...inbox, ...history];
  const size = messages.reduce((sum, { data }) => sum + data.length, 0);
  // What the broker sent is often a view of far more.
  const bytes = new ArrayBuffer(size);
  const all = new Uint8Array(bytes);
  let at = 0;
  const places = messages.map(({ subject, sequence, data }) => {
    all.set(data, at);
    at += data.length;
    return [subject, sequence, data.length] as const;
  });
  return { id, bytes, places, inbox: inbox.length, partition: submission.partition, blobs };
}

/** The messages that were packed. */
export function unpackRun({ bytes, places, inbox, partition }: PackedRun): StoredRun {
  let at = 0;
  const messages = places.map(([subject, sequence, length]): Stored => {
    const data = new Uint8Array(bytes, at, length);
    at += length;
    return { subject, partition, sequence, data };
  });
  const [submission, ...rest] = messages;
  if (submission === undefined) throw new Error("A packed run has no submission.");
  return { submission, inbox: rest.slice(0, inbox), history: rest.slice(inbox) };
}
