import type { Broker } from "../../ports/broker.ts";
import { type EventsMark, encodeEventsMark, eventsMarkKey } from "../../wire/events-mark-codec.ts";
import { NoLongerOursError } from "./publish-in-order.ts";

/** A mark as it stands in its control record. */
export interface StoredMark {
  readonly value: EventsMark;
  readonly revision: number;
}

/**
 * Writes a mark in the place of the one with this revision.
 * @throws {@link NoLongerOursError} when somebody else wrote one, and what the broker's silence is about.
 */
export async function writeMark(
  { control }: Pick<Broker, "control">,
  partition: number,
  value: EventsMark,
  revision: number,
): Promise<StoredMark> {
  const outcome = await control.write(eventsMarkKey(partition), encodeEventsMark(value), revision);
  if (outcome.status === "written") return { value, revision: outcome.sequence };
  throw outcome.status === "unknown" ? outcome.cause : new NoLongerOursError();
}
