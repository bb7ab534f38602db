import type { SlotHolder, SlotTable, StartCount } from "../engine/slot-table.ts";
import { decodeRecord, encodeRecord, isCount, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** The control record with the slots of a queue. */
export function queueSlotsKey(queue: string): string {
  return `slots.queue.${queue}`;
}

/** The control record with the slots of one key of a flow; `digest` stands for the key. */
export function keySlotsKey(flow: string, digest: string): string {
  return `slots.key.${flow}.${digest}`;
}

export function encodeSlotTable(table: SlotTable): Uint8Array {
  return encodeRecord(table);
}

export function decodeSlotTable(bytes: Uint8Array): Decoded<SlotTable> {
  return decodeRecord(bytes, ({ label, holders, starts, asking }) => {
    if (typeof label !== "string" || typeof asking !== "string") return "it has no label";
    if (!Array.isArray(holders) || !holders.every(isHolder)) return "its holders are none";
    if (!Array.isArray(starts) || !starts.every(isStartCount)) return "its starts are none";
    return { label, holders, starts, asking };
  });
}

function isHolder(value: unknown): value is SlotHolder {
  return (
    isObject(value) &&
    typeof value["run"] === "string" &&
    typeof value["worker"] === "string" &&
    typeof value["since"] === "number"
  );
}

function isStartCount(value: unknown): value is StartCount {
  return isObject(value) && typeof value["until"] === "number" && isCount(value["count"]);
}
