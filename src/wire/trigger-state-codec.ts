import type { TriggerState } from "../engine/trigger-shapes/trigger-state.ts";
import { decodeRecord, encodeRecord, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** A trigger's state for one key as it stands in its control record. */
export function encodeTriggerState(state: TriggerState): Uint8Array {
  return encodeRecord(state);
}

export function decodeTriggerState(bytes: Uint8Array): Decoded<TriggerState> {
  return decodeRecord(bytes, (fields) => {
    const { key, shape, recent, outbox } = fields;
    if (typeof key !== "string" || !isObject(shape)) return "it has no key or shape";
    const lists = [shape["kept"], shape["marks"], recent, outbox];
    if (!lists.every(Array.isArray)) return "it lacks a list";
    return fields as unknown as TriggerState;
  });
}
