import type { RunRef } from "../engine/run-id.ts";
import { decodeRecord, encodeRecord } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** The control record in which a worker says what a run waits for that has no history yet. It goes away by itself. */
export function waitKey(run: RunRef): string {
  return `waits.${run.flow}.${run.token}`;
}

export function encodeWait(text: string): Uint8Array {
  return encodeRecord({ for: text });
}

export function decodeWait(bytes: Uint8Array): Decoded<string> {
  const decoded = decodeRecord(bytes, (fields) =>
    typeof fields["for"] === "string" ? { text: fields["for"] } : "it does not say for what",
  );
  return decoded.kind === "ok" ? { kind: "ok", value: decoded.value.text } : decoded;
}
