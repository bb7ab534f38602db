/**
 * A run as one file: gzip of JSON lines, to be read with any tools (docs/archive.md). The first line says whose it is, each
 * message of the run has one, and the last one has their number and the SHA-256 of all before it.
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

/** What a run file begins with. */
export const RUN_FILE_FORMAT = "millrace-run/1";

export interface RunFile {
  readonly header: RunFileHeader;
  /** Its submission, then its inbox, then its history, each in order. */
  readonly messages: readonly RunFileMessage[];
}

export interface RunFileHeader {
  readonly format: typeof RUN_FILE_FORMAT;
  readonly namespace: string;
  readonly run: string;
  readonly flow: string;
  readonly key: string;
  readonly queue: string;
  readonly status: string;
  /** When it ended, as ISO 8601. The file of a run is always the same, byte for byte: there is no time of writing in it. */
  readonly closedAt: string;
}

export interface RunFileMessage {
  readonly kind: RunFileKind;
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** As in subjects: submission, inbox, history. */
export type RunFileKind = "new" | "in" | "h";

/** The bytes of a run's file. Beside them a line at a time is held. */
export async function writeRunFile(
  header: RunFileHeader,
  messages: Iterable<RunFileMessage> | AsyncIterable<RunFileMessage>,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await pipeline(
    Readable.from(lines(header, messages)),
    createGzip(),
    async (packed: AsyncIterable<Uint8Array>) => {
      for await (const piece of packed) pieces.push(piece);
    },
  );
  return Buffer.concat(pieces);
}

/** A stored message as it goes into the file. */
export function fileMessage(kind: RunFileKind, stored: Stored): RunFileMessage {
  const { subject, sequence, data } = stored;
  return { kind, subject, sequence, data };
}

async function* lines(
  header: RunFileHeader,
  messages: Iterable<RunFileMessage> | AsyncIterable<RunFileMessage>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let count = 0;
  const line = (fields: object): Uint8Array => {
    const bytes = Buffer.from(`${JSON.stringify(fields)}\n`);
    hash.update(bytes);
    return bytes;
  };
  yield line(header);
  for await (const message of messages) {
    count++;
    yield line(messageLine(message));
  }
  const end: RunFileEnd = { messages: count, sha256: hash.digest("hex") };
  yield Buffer.from(`${JSON.stringify(end)}\n`);
}

interface RunFileEnd {
  readonly messages: number;
  /** Of all bytes before this line, in lower-case hexadecimal. */
  readonly sha256: string;
}

function messageLine({ kind, subject, sequence, data }: RunFileMessage): object {
  const decoded: Decoded<unknown> = DECODE[kind](data);
  const base64 = Buffer.from(data).toString("base64");
  const reading =
    decoded.kind === "ok" ? { reads: readable(decoded.value) } : { foreign: decoded.reason };
  return { kind, subject, sequence, base64, ...reading };
}

const DECODE = { new: decodeSubmission, in: decodeInput, h: decodeFrame } as const;

/**
 * Reads a run's file, and checks it against its last line. The bytes of messages are taken, never their JSON readings.
 * @throws Error that says what is wrong with it.
 */
export async function readRunFile(bytes: Uint8Array): Promise<RunFile> {
  const hash = createHash("sha256");
  const messages: RunFileMessage[] = [];
  let header: RunFileHeader | undefined;
  let end: RunFileEnd | undefined;
  for await (const line of linesOf(bytes)) {
    if (end !== undefined) throw new Error("It goes on after its last line.");
    const fields = parse(line);
    if (header === undefined) header = headerOf(fields);
    else if ("kind" in fields) messages.push(messageOf(fields));
    else end = fields as unknown as RunFileEnd;
    if (end === undefined) hash.update(line).update("\n");
  }
  if (header === undefined || end === undefined) throw new Error("It ends before its last line.");
  const sha256 = hash.digest("hex");
  if (end.messages !== messages.length || end.sha256 !== sha256) {
    throw new Error(
      `Its last line says ${end.messages} messages with SHA-256 ${end.sha256}; it has ${messages.length} with ${sha256}.`,
    );
  }
  return { header, messages };
}

/** The unpacked lines, without their ends. Not by readline: that breaks lines at other characters too. */
async function* linesOf(bytes: Uint8Array): AsyncGenerator<Buffer> {
  const source = Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
  const unpacked = source.pipe(createGunzip());
  let begun: Buffer[] = [];
  for await (const piece of unpacked as AsyncIterable<Buffer>) {
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

type Fields = Readonly<Record<string, unknown>>;

function parse(line: Buffer): Fields {
  const fields: unknown = JSON.parse(line.toString());
  if (typeof fields === "object" && fields !== null) return fields as Fields;
  throw new Error("One of its lines is no JSON object.");
}

function headerOf(fields: Fields): RunFileHeader {
  const { format } = fields;
  if (format === RUN_FILE_FORMAT) return fields as unknown as RunFileHeader;
  throw new Error(`Its format is ${String(format)}, and this version reads ${RUN_FILE_FORMAT}.`);
}

function messageOf({ kind, subject, sequence, base64 }: Fields): RunFileMessage {
  const isMessage = isKind(kind) && typeof subject === "string" && typeof sequence === "number";
  if (!isMessage || typeof base64 !== "string")
    throw new Error("One of its messages has no place.");
  return { kind, subject, sequence, data: Buffer.from(base64, "base64") };
}

function isKind(kind: unknown): kind is RunFileKind {
  return kind === "new" || kind === "in" || kind === "h";
}
