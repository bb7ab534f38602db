import { createHash } from "node:crypto";
import type { CloudEvent } from "../../engine/cloud-event.ts";

/** What an event is known by, whichever messages bring it: made of its source and id. */
export function eventId({ source, id }: CloudEvent): string {
  return digest([source, id]).slice(0, 16);
}

/**
 * The id of a firing, and the key of the run that it leads to: made of the trigger and the events alone, so that whoever repeats
 * the firing means the same run.
 */
export function firingId(trigger: string, events: readonly CloudEvent[]): string {
  const causes = events.map(({ source, id }) => [source, id]);
  return `t-${trigger.slice(0, MAX_NAME)}-${digest([trigger, causes]).slice(0, 32)}`;
}

/** The token of a correlation key in the keys of records. */
export function keyToken(key: string): string {
  return digest(key).slice(0, 32);
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** A run's key has 128 bytes. */
const MAX_NAME = 80;
