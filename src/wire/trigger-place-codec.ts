import { decodeRecord, encodeRecord, isCount, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** Where a trigger reads its events: the control record `trigger-place.<name>`. */
export interface TriggerPlace {
  /** Which trigger, from which streams: with another one, all of this begins anew. */
  readonly identity: string;
  /** One more for each time. It is part of the consumers' names, so that none is used again. */
  readonly generation: number;
  readonly consumers: readonly PlacedConsumer[];
  /** Those of former generations that may not be removed yet. */
  readonly leftovers: readonly PlacedConsumer[];
}

export interface PlacedConsumer {
  readonly stream: string;
  readonly consumer: string;
}

export function encodeTriggerPlace(place: TriggerPlace): Uint8Array {
  return encodeRecord(place);
}

export function decodeTriggerPlace(bytes: Uint8Array): Decoded<TriggerPlace> {
  return decodeRecord(bytes, ({ identity, generation, consumers, leftovers }) => {
    if (typeof identity !== "string" || !isCount(generation)) return "it has no generation";
    if (!arePlaced(consumers) || !arePlaced(leftovers)) return "it has no consumers";
    return { identity, generation, consumers, leftovers };
  });
}

function arePlaced(value: unknown): value is readonly PlacedConsumer[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one) =>
        isObject(one) && typeof one["stream"] === "string" && typeof one["consumer"] === "string",
    )
  );
}
