import { decodeRecord, encodeRecord, isObject } from "./control-json.ts";

/** What a trigger did so far, over all workers: written every few seconds, for showing. */
export interface TriggerStats {
  readonly fired: number;
  /** Milliseconds since 1970. */
  readonly lastFiredAt?: number;
  /** Events and firings that failed: expressions without a value, actions that cannot be done. */
  readonly failed: number;
  readonly lastError?: { readonly at: number; readonly message: string };
}

export const NO_STATS: TriggerStats = Object.freeze({ fired: 0, failed: 0 });

/** What the keys of these records begin with. */
export const TRIGGER_STATS = "trigger-stats";

export function triggerStatsKey(trigger: string): string {
  return `${TRIGGER_STATS}.${trigger}`;
}

export function encodeTriggerStats(stats: TriggerStats): Uint8Array {
  return encodeRecord(stats);
}

/** Nothing counted where no record can be read. */
export function decodeTriggerStats(bytes: Uint8Array): TriggerStats {
  const decoded = decodeRecord(bytes, ({ fired, failed, lastFiredAt, lastError }) => {
    if (typeof fired !== "number" || typeof failed !== "number") return "it has no counts";
    return {
      fired,
      failed,
      ...(typeof lastFiredAt === "number" ? { lastFiredAt } : {}),
      ...(isError(lastError) ? { lastError } : {}),
    };
  });
  return decoded.kind === "ok" ? decoded.value : NO_STATS;
}

function isError(value: unknown): value is { readonly at: number; readonly message: string } {
  return isObject(value) && typeof value["at"] === "number" && typeof value["message"] === "string";
}
