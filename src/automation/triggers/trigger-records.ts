import type { TriggerRecord } from "../../engine/trigger-spec.ts";
import { decodeRecord, encodeRecord, isCount, isObject } from "../../wire/control-json.ts";

export const TRIGGERS = "trigger";

export function triggerKey(name: string): string {
  return `${TRIGGERS}.${name}`;
}

export function encodeTriggerRecord(record: TriggerRecord): Uint8Array {
  return encodeRecord(record);
}

/** Nothing for what is no trigger, or no trigger any more. */
export function decodeTriggerRecord(data: Uint8Array): TriggerRecord | undefined {
  const decoded = decodeRecord(data, (fields) => {
    const { spec, version, createdAt } = fields;
    const isSound = isObject(spec) && isCount(version) && isCount(createdAt);
    return isSound ? (fields as unknown as TriggerRecord) : "it is no trigger";
  });
  return decoded.kind === "ok" ? decoded.value : undefined;
}
