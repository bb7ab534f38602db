import type { EventSettings } from "../engine/event-settings.ts";
import { RUN_STATUSES } from "../engine/run-status.ts";
import { decodeRecord, encodeRecord } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** The control record that says what is told of runs. */
export const EVENT_SETTINGS = "events.settings";

export function encodeEventSettings({ statuses }: EventSettings): Uint8Array {
  return encodeRecord({ statuses });
}

/** Statuses that this version does not know are left out. */
export function decodeEventSettings(bytes: Uint8Array): Decoded<EventSettings> {
  return decodeRecord(bytes, ({ statuses }) =>
    Array.isArray(statuses)
      ? { statuses: RUN_STATUSES.filter((status) => statuses.includes(status)) }
      : "it does not say which statuses",
  );
}
