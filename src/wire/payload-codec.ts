import type { BlobRef, Payload } from "../engine/payload.ts";
import type { millrace } from "./generated/millrace.js";

/** A payload as it stands in a message. An engine's payload is its own wire form: fields that it has not are left out. */
export function payloadOf(wire: millrace.v1.Payload.$Properties | null | undefined): Payload {
  const name = wire?.encoding ?? "";
  const encoding = ENCODINGS.get(name) ?? name;
  const codec = wire?.codec ?? "";
  const coded = codec === "" ? {} : { codec };
  if (wire?.blob == null) return { encoding, ...coded, data: wire?.data ?? new Uint8Array() };
  return { encoding, ...coded, blob: blobRefOf(wire.blob) };
}

/** Where a blob is, as a message says it. */
export function blobRefOf(wire: millrace.v1.BlobRef.$Properties | null | undefined): BlobRef {
  const { store, key, sha256, size } = wire ?? {};
  return { store: store ?? "", key: key ?? "", sha256: sha256 ?? "", size: size ?? 0 };
}

/** Each payload of a long history comes with a string of its own: it is let go for the one that all share. */
const ENCODINGS: ReadonlyMap<string, string> = new Map(
  ["undefined", "json", "devalue", "binary", "error"].map((encoding) => [encoding, encoding]),
);
