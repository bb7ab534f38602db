import type { Payload } from "../engine/payload.ts";
import type { millrace } from "./generated/millrace.js";

/** A payload as it stands in a message. An engine's payload is its own wire form: fields that it has not are left out. */
export function payloadOf(wire: millrace.v1.Payload.$Properties | null | undefined): Payload {
  const name = wire?.encoding ?? "";
  const encoding = ENCODINGS.get(name) ?? name;
  const codec = wire?.codec ?? "";
  const coded = codec === "" ? {} : { codec };
  if (wire?.blob == null) return { encoding, ...coded, data: wire?.data ?? new Uint8Array() };
  const { store, key, sha256, size } = wire.blob;
  const blob = { store: store ?? "", key: key ?? "", sha256: sha256 ?? "", size: size ?? 0 };
  return { encoding, ...coded, blob };
}

/** Each payload of a long history comes with a string of its own: it is let go for the one that all share. */
const ENCODINGS: ReadonlyMap<string, string> = new Map(
  ["undefined", "json", "devalue", "binary", "error"].map((encoding) => [encoding, encoding]),
);
