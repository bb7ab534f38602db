import type { QueueSettings } from "../engine/queue-settings.ts";
import { decodeRecord, encodeRecord, isCount, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** The control record that holds a queue's settings. */
export function queueSettingsKey(queue: string): string {
  return `${QUEUE_SETTINGS}.${queue}`;
}

/** What the keys of all queues' settings begin with. */
export const QUEUE_SETTINGS = "queue";

export function encodeQueueSettings(settings: QueueSettings): Uint8Array {
  return encodeRecord(settings);
}

export function decodeQueueSettings(bytes: Uint8Array): Decoded<QueueSettings> {
  return decodeRecord(bytes, ({ paused, concurrency, rate, priorities }) => {
    if (typeof paused !== "boolean" || typeof priorities !== "boolean") {
      return "it does not say whether the queue is paused";
    }
    if (concurrency !== undefined && !isCount(concurrency)) return "its limit is no count";
    if (rate === undefined) return { paused, priorities, concurrency, rate };
    if (!isObject(rate) || !isCount(rate["limit"]) || !isCount(rate["perMs"])) {
      return "its rate is none";
    }
    return {
      paused,
      priorities,
      concurrency,
      rate: { limit: rate["limit"], perMs: rate["perMs"] },
    };
  });
}
