import { decodeRecord, encodeRecord } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** How far a partition was told of. */
export interface EventsMark {
  /** Of the partition's stream: one that is made anew has another. */
  readonly incarnation: string;
  /** How many streams of this partition were told of before this one: part of the events' ids, so that none is used twice. */
  readonly generation: number;
  /** Every event of the partition up to this sequence stands in the events stream. */
  readonly sequence: number;
  /** And every event of what comes after it stands after this sequence of the events stream. */
  readonly eventsSequence: number;
  /** Nothing is told from here on: whoever goes on begins with what is new then. */
  readonly isOff: boolean;
}

/** The control record with the mark of a partition. */
export function eventsMarkKey(partition: number): string {
  return `events-mark.${partition}`;
}

export function encodeEventsMark(mark: EventsMark): Uint8Array {
  return encodeRecord(mark);
}

export function decodeEventsMark(bytes: Uint8Array): Decoded<EventsMark> {
  return decodeRecord(bytes, ({ incarnation, generation, sequence, eventsSequence, isOff }) => {
    if (typeof incarnation !== "string") return "it names no stream";
    if (!isPlace(generation) || !isPlace(sequence) || !isPlace(eventsSequence)) {
      return "it does not say how far";
    }
    return { incarnation, generation, sequence, eventsSequence, isOff: isOff === true };
  });
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
