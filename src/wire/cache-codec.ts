import type { Payload } from "../engine/payload.ts";
import { decodeRecord, encodeRecord } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";
import { messages } from "./messages.ts";
import { payloadOf } from "./payload-codec.ts";

/** The control record with an outcome of a task; `digest` stands for the key. */
export function cacheKey(task: string, digest: string): string {
  return `cache.${task}.${digest}`;
}

/**
 * - `running`: somebody computes it, and says so again every few seconds.
 * - `failed`: whoever computed it has failed: others need not wait.
 */
export type CacheEntry =
  | { readonly status: "running"; readonly by: string }
  | { readonly status: "failed"; readonly by: string }
  | { readonly status: "done"; readonly output: Payload };

export function encodeCacheEntry(entry: CacheEntry): Uint8Array {
  if (entry.status !== "done") return encodeRecord(entry);
  const output = messages.Payload.encode(entry.output).finish();
  return encodeRecord({ status: "done", output: Buffer.from(output).toString("base64") });
}

export function decodeCacheEntry(bytes: Uint8Array): Decoded<CacheEntry> {
  return decodeRecord<CacheEntry>(bytes, ({ status, by, output }) => {
    if (status === "running" || status === "failed") {
      return typeof by === "string" ? { status, by } : "it does not say by whom";
    }
    if (status !== "done") return "its status is not known";
    if (typeof output !== "string") return "it has no output";
    try {
      return { status, output: payloadOf(messages.Payload.decode(Buffer.from(output, "base64"))) };
    } catch {
      return "its output cannot be decoded";
    }
  });
}
