import type { Static } from "typebox";
import type { RecordedEvent } from "../../client/run-handle.ts";
import type { Payload } from "../../engine/payload.ts";
import { payloadJson } from "./payload-json.ts";
import type { EventSchema } from "./schemas/details-schema.ts";

/** An event as JSON: its payloads as values. */
export function eventJson(event: RecordedEvent): Static<typeof EventSchema> {
  const { number, sequence, index, epoch, at, type, ...body } = event;
  const fields = Object.entries(body).map(([name, value]) => [name, fieldJson(name, value)]);
  const place = { number, sequence, index, epoch, at: new Date(at).toISOString(), type };
  return { ...Object.fromEntries(fields), ...place };
}

function fieldJson(name: string, value: unknown): unknown {
  if (name === "output" || name === "error") return payloadJson(value as Payload);
  if (TIMES.has(name)) return value === 0 ? undefined : new Date(Number(value)).toISOString();
  if (name !== "exposed") return value;
  const exposed = Object.entries(value as Readonly<Record<string, Payload>>);
  return Object.fromEntries(exposed.map(([key, payload]) => [key, payloadJson(payload)]));
}

const TIMES: ReadonlySet<string> = new Set(["startedAt", "retryAt", "fireAt", "wakeAt"]);
