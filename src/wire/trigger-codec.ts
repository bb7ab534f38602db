import type { TriggerRecord } from "../engine/trigger-spec.ts";
import { decodeRecord, encodeRecord, isCount, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** What the keys of all triggers begin with. */
export const TRIGGERS = "trigger";

/** The control record that holds a trigger. */
export function triggerKey(name: string): string {
  return `${TRIGGERS}.${name}`;
}

export function encodeTrigger(record: TriggerRecord): Uint8Array {
  return encodeRecord(record);
}

/** A trigger's record. What it says of events and actions was checked when it was put; here it is looked at for its form. */
export function decodeTrigger(bytes: Uint8Array): Decoded<TriggerRecord> {
  return decodeRecord(bytes, (fields) => {
    const { format: _format, ...record } = fields;
    return isTriggerRecord(record) ? record : "it is no trigger";
  });
}

function isTriggerRecord(record: object): record is TriggerRecord {
  const { spec, version, from, paused, createdAt, changedAt } = record as Partial<
    Record<keyof TriggerRecord, unknown>
  >;
  if (!isObject(spec) || typeof spec["name"] !== "string") return false;
  if (!isObject(spec["on"]) || !isObject(spec["action"])) return false;
  if (paused !== undefined && !isObject(paused)) return false;
  return isCount(version) && typeof from === "string" && isCount(createdAt) && isCount(changedAt);
}
