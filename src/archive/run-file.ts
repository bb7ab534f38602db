/**
 * A run as one file: gzip of JSON lines, to be read with any tools (docs/bundles.md). The first line says whose it is, each
 * message of the run has one, then each blob, and the last one has their number and the SHA-256 of all before it.
 *
 * The archive writes version 1, a bundle is version 2: one reader and one writer for both.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Stored } from "../ports/run-log.ts";
import type { Decoded } from "../wire/decoded.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import { readable } from "./readable.ts";
import {
  BUNDLE_FORMAT,
  blobOf,
  type Fields,
  headerOf,
  messageOf,
  type RunFile,
  type RunFileBlob,
  type RunFileEnd,
  type RunFileHeader,
  type RunFileKind,
  type RunFileMessage,
} from "./run-file-format.ts";

type RunFileRow = RunFileMessage | RunFileBlob;

/** The bytes of a run's file: always the same for the same content. Beside them a line at a time is held. */
export async function writeRunFile(
  header: RunFileHeader,
  rows: Iterable<RunFileRow> | AsyncIterable<RunFileRow>,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await pipeline(
    Readable.from(lines(header, rows)),
    createGzip(),
    async (packed: AsyncIterable<Uint8Array>) => {
      for await (const piece of packed) pieces.push(piece);
    },
  );
  const packed = Buffer.concat(pieces);
  // Where it was packed is no part of it.
  packed[GZIP_SYSTEM_AT] = GZIP_SYSTEM_UNKNOWN;
  return packed;
}

/** RFC 1952. */
const GZIP_SYSTEM_AT = 9;
const GZIP_SYSTEM_UNKNOWN = 255;

/** A stored message as it goes into the file. */
export function fileMessage(kind: RunFileKind, stored: Stored): RunFileMessage {
  const { subject, sequence, data } = stored;
  return { kind, subject, sequence, data };
}

async function* lines(
  header: RunFileHeader,
  rows: Iterable<RunFileRow> | AsyncIterable<RunFileRow>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let messages = 0;
  let blobs = 0;
  const line = (fields: object): Uint8Array => {
    const bytes = Buffer.from(`${JSON.stringify(fields)}\n`);
    hash.update(bytes);
    return bytes;
  };
  yield line(header);
  for await (const row of rows) {
    if ("kind" in row) messages++;
    else blobs++;
    yield line("kind" in row ? messageLine(row) : blobLine(row));
  }
  const sha256 = hash.digest("hex");
  const end: RunFileEnd =
    header.format === BUNDLE_FORMAT ? { messages, blobs, sha256 } : { messages, sha256 };
  yield Buffer.from(`${JSON.stringify(end)}\n`);
}

function messageLine({ kind, subject, sequence, data }: RunFileMessage): object {
  const decoded: Decoded<unknown> = DECODE[kind](data);
  const base64 = Buffer.from(data).toString("base64");
  const reading =
    decoded.kind === "ok" ? { reads: readable(decoded.value) } : { foreign: decoded.reason };
  return { kind, subject, sequence, base64, ...reading };
}

const DECODE = { new: decodeSubmission, in: decodeInput, h: decodeFrame } as const;

function blobLine({ ref: { store, key, sha256, size }, bytes }: RunFileBlob): object {
  const base64 = Buffer.from(bytes).toString("base64");
  return { kind: "blob", store, key, sha256, size, base64 };
}

/** How much a file may unpack to. What comes from elsewhere may be made to fill the memory of whoever reads it. */
export interface RunFileLimits {
  readonly unpackedBytes: number;
  readonly messages: number;
}

/** Of what was read from a place of one's own. */
const NO_LIMITS: RunFileLimits = {
  unpackedBytes: Number.POSITIVE_INFINITY,
  messages: Number.POSITIVE_INFINITY,
};

/**
 * Reads a run's file, and checks it against its last line. The bytes of messages are taken, never their JSON readings.
 * @throws Error that says what is wrong with it.
 */
export async function readRunFile(
  bytes: Uint8Array,
  limits: RunFileLimits = NO_LIMITS,
): Promise<RunFile> {
  const hash = createHash("sha256");
  const messages: RunFileMessage[] = [];
  const blobs: RunFileBlob[] = [];
  let header: RunFileHeader | undefined;
  let end: Partial<RunFileEnd> | undefined;
  for await (const line of linesOf(bytes, limits.unpackedBytes)) {
    if (end !== undefined) throw new Error("It goes on after its last line.");
    const fields = parse(line);
    if (header === undefined) header = headerOf(fields);
    else if (fields["kind"] === "blob") blobs.push(blobOf(fields));
    else if ("kind" in fields) messages.push(messageOf(fields));
    else end = fields;
    if (messages.length > limits.messages) {
      throw new Error(`It has more than ${limits.messages} messages.`);
    }
    if (end === undefined) hash.update(line).update("\n");
  }
  if (header === undefined || end === undefined) throw new Error("It ends before its last line.");
  const sha256 = hash.digest("hex");
  const isWhole = end.messages === messages.length && (end.blobs ?? 0) === blobs.length;
  if (!isWhole || end.sha256 !== sha256) {
    throw new Error(
      `Its last line says ${end.messages} messages with SHA-256 ${end.sha256}; it has ${messages.length} with ${sha256}.`,
    );
  }
  return { header, messages, blobs };
}

/** The unpacked lines, without their ends. Not by readline: that breaks lines at other characters too. */
async function* linesOf(bytes: Uint8Array, mostBytes: number): AsyncGenerator<Buffer> {
  const source = Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
  const unpacked = source.pipe(createGunzip());
  let begun: Buffer[] = [];
  let total = 0;
  for await (const piece of unpacked as AsyncIterable<Buffer>) {
    total += piece.length;
    if (total > mostBytes) throw new Error(`It unpacks to more than ${mostBytes} bytes.`);
    let from = 0;
    for (let at = piece.indexOf(NEW_LINE); at !== -1; at = piece.indexOf(NEW_LINE, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, at)]);
      begun = [];
      from = at + 1;
    }
    if (from < piece.length) begun.push(piece.subarray(from));
  }
  if (begun.length > 0) throw new Error("It ends within a line.");
}

const NEW_LINE = 0x0a;

function parse(line: Buffer): Fields {
  const fields: unknown = JSON.parse(line.toString());
  if (typeof fields === "object" && fields !== null) return fields as Fields;
  throw new Error("One of its lines is no JSON object.");
}
