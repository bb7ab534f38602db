import type { RunRef } from "../engine/run-id.ts";
import { decodeRecord, encodeRecord } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** The control record in which a worker says what a run waits for that has no history yet. It goes away by itself. */
export function waitKey(run: RunRef): string {
  return `waits.${run.flow}.${run.token}`;
}

/** What keeps a run waiting, as people read it, and the runs that have what it waits for. */
export interface ToldWait {
  readonly text: string;
  readonly holders: readonly string[];
}

export function encodeWait({ text, holders }: ToldWait): Uint8Array {
  return encodeRecord({ for: text, holders });
}

export function decodeWait(bytes: Uint8Array): Decoded<ToldWait> {
  return decodeRecord(bytes, ({ for: text, holders = [] }) => {
    if (typeof text !== "string") return "it does not say for what";
    if (!Array.isArray(holders) || !holders.every((run) => typeof run === "string")) {
      return "its holders are none";
    }
    return { text, holders };
  });
}
