/** What stands in a run's file, and its lines as they are read: what is not as it must be throws an `Error` that says what. */
import { createHash } from "node:crypto";
import type { BlobRef } from "../engine/payload.ts";

/** What the file of a run in the archive begins with. */
export const RUN_FILE_FORMAT = "millrace-run/1";
/** What a bundle begins with: it may have blobs, says what was redacted, and its run may be open. */
export const BUNDLE_FORMAT = "millrace-run/2";

export interface RunFile {
  readonly header: RunFileHeader;
  /** Its submission, then its inbox, then its history, each in order. */
  readonly messages: readonly RunFileMessage[];
  /** Only in a bundle. */
  readonly blobs: readonly RunFileBlob[];
}

export type RunFileHeader = ArchiveHeader | BundleHeader;

/** There is no time of writing in it: the file of a run is always the same, byte for byte. */
interface ArchiveHeader {
  readonly format: typeof RUN_FILE_FORMAT;
  readonly namespace: string;
  readonly run: string;
  readonly flow: string;
  readonly key: string;
  readonly queue: string;
  readonly status: string;
  /** When it ended, as ISO 8601; empty for a run that is open. */
  readonly closedAt: string;
}

export interface BundleHeader extends Omit<ArchiveHeader, "format"> {
  readonly format: typeof BUNDLE_FORMAT;
  readonly partition: number;
  readonly decrypted: boolean;
  readonly redacted: readonly RedactedPath[];
}

/** A path that was asked to be redacted, and what that came to. */
export interface RedactedPath {
  /** As it was given: `input.card.*`. */
  readonly path: string;
  /** The values that a marker stands for now: `input.card.number`. Empty when nothing has the path. */
  readonly places: readonly string[];
  /** Where else the same values were found and taken out. */
  readonly elsewhere: readonly string[];
}

export interface RunFileMessage {
  readonly kind: RunFileKind;
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** As in subjects: submission, inbox, history. */
export type RunFileKind = "new" | "in" | "h";

/** A blob with its bytes: as they came out of the codec, if one wrapped them. */
export interface RunFileBlob {
  readonly ref: BlobRef;
  readonly bytes: Uint8Array;
}

export interface RunFileEnd {
  readonly messages: number;
  /** Only in a bundle. */
  readonly blobs?: number;
  /** Of all bytes before this line, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** A line's JSON. */
export type Fields = Readonly<Record<string, unknown>>;

export function headerOf(fields: Fields): RunFileHeader {
  const { format, namespace, run, flow, key, queue, status, closedAt } = fields;
  if (format !== RUN_FILE_FORMAT && format !== BUNDLE_FORMAT) {
    throw new Error(
      `Its format is ${String(format)}, and this version reads ${RUN_FILE_FORMAT} and ${BUNDLE_FORMAT}.`,
    );
  }
  const texts = { namespace, run, flow, key, queue, status, closedAt };
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== "string") throw new Error(`Its first line has no ${name}.`);
  }
  const common = texts as Omit<ArchiveHeader, "format">;
  if (format === RUN_FILE_FORMAT) return { format, ...common };
  const { partition, decrypted, redacted } = fields;
  if (!isCount(partition) || typeof decrypted !== "boolean" || !isRedacted(redacted)) {
    throw new Error("Its first line does not say what was redacted.");
  }
  return { format, ...common, partition, decrypted, redacted };
}

export function messageOf({ kind, subject, sequence, base64 }: Fields): RunFileMessage {
  const isMessage = isKind(kind) && typeof subject === "string" && isCount(sequence);
  if (!isMessage || typeof base64 !== "string") {
    throw new Error("One of its messages has no place.");
  }
  return { kind, subject, sequence, data: Buffer.from(base64, "base64") };
}

export function blobOf({ store, key, sha256, size, base64 }: Fields): RunFileBlob {
  const isNamed = typeof store === "string" && typeof key === "string";
  if (!isNamed || typeof sha256 !== "string" || typeof base64 !== "string") {
    throw new Error("One of its blobs has no place.");
  }
  const bytes = Buffer.from(base64, "base64");
  const found = createHash("sha256").update(bytes).digest("hex");
  if (bytes.length !== size || found !== sha256) {
    throw new Error(`Its blob ${key} is damaged: its SHA-256 is ${found}, and not ${sha256}.`);
  }
  return { ref: { store, key, sha256, size }, bytes };
}

function isKind(kind: unknown): kind is RunFileKind {
  return kind === "new" || kind === "in" || kind === "h";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRedacted(value: unknown): value is readonly RedactedPath[] {
  return Array.isArray(value) && value.every(isRedactedPath);
}

function isRedactedPath(value: unknown): value is RedactedPath {
  if (typeof value !== "object" || value === null) return false;
  const { path, places, elsewhere } = value as Fields;
  return typeof path === "string" && isTexts(places) && isTexts(elsewhere);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
