/**
 * AES-256-GCM with key rotation. The bytes it makes:
 *
 * `version (1) | length of key id (1) | key id | nonce (12) | tag (16) | ciphertext`
 *
 * The nonce is random, so one key is good for 2^32 payloads (NIST SP 800-38D, 8.3). Version and key id are
 * authenticated with the ciphertext.
 */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  type DecipherGCM,
  randomBytes,
} from "node:crypto";
import { CodecError } from "../engine/payload-errors.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import type { Codec } from "./codec.ts";
import { inPieces, PIECE_BYTES } from "./in-pieces.ts";

/**
 * A codec that encrypts payloads with AES-256-GCM. To rotate, first give every process the new key, then make it
 * `current`; keep the old key for as long as runs that used it are to be read. Who is given a payload that was tampered
 * with, or one of an unknown key, throws {@link CodecError} and says which key it was.
 *
 * @throws {@link InvalidOptionError} for a key that is not 32 bytes, or a `current` that is none of the keys.
 */
export function aesGcmCodec(options: AesGcmOptions): Codec {
  const keys = new Map(Object.entries(options.keys).map(([id, key]) => [id, keyOf(id, key)]));
  const current = keys.get(options.current);
  if (current === undefined) {
    throw new InvalidOptionError("current", options.current, "name one of the keys");
  }
  const header = headerOf(options.current);
  const name = options.name ?? "aes-gcm";
  return {
    name,
    encode: (bytes) => encrypt(current, header, bytes),
    decode: (bytes) => {
      const { id, aad, nonce, tag, ciphertext } = split(name, bytes);
      const key = keys.get(id);
      if (key === undefined) {
        throw new CodecError(
          name,
          `does not know key ${JSON.stringify(id)}, with which a payload was encrypted. Add it to the codec's keys.`,
        );
      }
      const decipher = createDecipheriv(CIPHER, key, nonce).setAAD(aad).setAuthTag(tag);
      return decrypt(decipher, ciphertext, (cause) => {
        return new CodecError(
          name,
          `could not decrypt a payload with key ${JSON.stringify(id)}: it was tampered with, or that key's bytes are not the ones it was encrypted with.`,
          { cause },
        );
      });
    },
  };
}

export interface AesGcmOptions {
  /** Keys by their id: 32 bytes each, as bytes or in base64. An id is recorded with what it encrypted: 1 to 255 bytes of text. */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
  /** Id of the key that encrypts. The others only decrypt. */
  readonly current: string;
  /** Recorded with each payload. Default `aes-gcm`. */
  readonly name?: string;
}

const CIPHER = "aes-256-gcm";
const VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_ID_BYTES = 255;

function keyOf(id: string, key: Uint8Array | string): Uint8Array {
  const bytes = typeof key === "string" ? Buffer.from(key, "base64") : new Uint8Array(key);
  const length = Buffer.byteLength(id);
  if (length === 0 || length > MAX_ID_BYTES) {
    throw new InvalidOptionError("keys", id, `a key's id has 1 to ${MAX_ID_BYTES} bytes`);
  }
  // The message names the key's id and length, never the key.
  if (bytes.length === KEY_BYTES) return bytes;
  throw new InvalidOptionError(`keys.${id}`, `${bytes.length} bytes`, `give ${KEY_BYTES} bytes`);
}

function headerOf(id: string): Uint8Array {
  const text = Buffer.from(id);
  return Buffer.concat([Buffer.from([VERSION, text.length]), text]);
}

function encrypt(
  key: Uint8Array,
  header: Uint8Array,
  bytes: Uint8Array,
): Uint8Array | Promise<Uint8Array> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(header);
  const at = header.length + NONCE_BYTES + TAG_BYTES;
  const out = new Uint8Array(at + bytes.length);
  out.set(header, 0);
  out.set(nonce, header.length);
  const finish = (): Uint8Array => {
    cipher.final();
    out.set(cipher.getAuthTag(), header.length + NONCE_BYTES);
    return out;
  };
  if (bytes.length <= PIECE_BYTES) {
    out.set(cipher.update(bytes), at);
    return finish();
  }
  return through(cipher, bytes, out, at).then(finish);
}

function decrypt(
  decipher: DecipherGCM,
  ciphertext: Uint8Array,
  failure: (cause: unknown) => CodecError,
): Uint8Array | Promise<Uint8Array> {
  const out = new Uint8Array(ciphertext.length);
  const finish = (): Uint8Array => {
    try {
      decipher.final();
    } catch (cause) {
      throw failure(cause);
    }
    return out;
  };
  if (ciphertext.length <= PIECE_BYTES) {
    out.set(decipher.update(ciphertext), 0);
    return finish();
  }
  return through(decipher, ciphertext, out, 0).then(finish);
}

async function through(
  cipher: CipherGCM | DecipherGCM,
  bytes: Uint8Array,
  out: Uint8Array,
  from: number,
): Promise<void> {
  let at = from;
  for await (const piece of inPieces(bytes)) {
    out.set(cipher.update(piece), at);
    at += piece.length;
  }
}

interface Parts {
  readonly id: string;
  readonly aad: Uint8Array;
  readonly nonce: Uint8Array;
  readonly tag: Uint8Array;
  readonly ciphertext: Uint8Array;
}

function split(codec: string, bytes: Uint8Array): Parts {
  const headerBytes = 2 + (bytes[1] ?? 0);
  const tagAt = headerBytes + NONCE_BYTES;
  const from = tagAt + TAG_BYTES;
  if (bytes[0] !== VERSION || bytes.length < from) {
    throw new CodecError(codec, "was given bytes that it did not make, or that were cut off.");
  }
  const aad = bytes.subarray(0, headerBytes);
  return {
    id: new TextDecoder().decode(aad.subarray(2)),
    aad,
    nonce: bytes.subarray(headerBytes, tagAt),
    tag: bytes.subarray(tagAt, from),
    ciphertext: bytes.subarray(from),
  };
}
