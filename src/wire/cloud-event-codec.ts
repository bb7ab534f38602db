import type { CloudEvent } from "../engine/cloud-event.ts";
import { isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** The `Content-Type` header of an event in structured mode: all of it is in the body, as JSON. */
export const CLOUD_EVENT_JSON = "application/cloudevents+json";

/** An event's bytes as they stand on the events stream. */
export function encodeCloudEvent(event: CloudEvent): Uint8Array {
  // Faster than a TextEncoder, and thousands a second are written.
  return Buffer.from(JSON.stringify(event), "utf8");
}

/** An event as it is published: the same source and id, the same message. */
export function eventMessage(subject: string, event: CloudEvent): EventMessage {
  const id = `${event.source} ${event.id}`;
  return { subject, data: encodeCloudEvent(event), headers: HEADERS, id };
}

export interface EventMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly id: string;
}

const HEADERS = Object.freeze({ "Content-Type": CLOUD_EVENT_JSON });

/**
 * Reads an event in structured mode, whoever wrote it: extension attributes are kept as they are, an absent time is that of
 * its storage, and `data_base64` stands in `data` as `{ "$bytes": … }`. Anything else comes back as foreign (I11).
 */
export function decodeCloudEvent(bytes: Uint8Array, storedAt: number): Decoded<CloudEvent> {
  const fields = jsonIn(bytes);
  if (!isObject(fields)) return foreign("it is not a JSON object");
  const { specversion, id, source, type } = fields;
  if (specversion !== "1.0") return foreign("its specversion is not 1.0");
  if (!isText(id) || !isText(source) || !isText(type)) {
    return foreign("it has no id, source or type");
  }
  const { time, data, data_base64: base64, millracedepth, subject, traceparent, ...rest } = fields;
  return {
    kind: "ok",
    value: {
      ...rest,
      specversion,
      id,
      source,
      type,
      ...(isText(subject) ? { subject } : {}),
      ...(isText(traceparent) ? { traceparent } : {}),
      time: timeOf(time, storedAt),
      ...depthOf(millracedepth),
      data: isText(base64) ? { $bytes: base64 } : (data ?? null),
    },
  };
}

/** A message as an event: one in structured mode, one in binary mode (`ce-…` headers), or any other message at all. */
export function cloudEventOf(message: AnyMessage): CloudEvent {
  const { data, storedAt } = message;
  const decoded = looksStructured(message) ? decodeCloudEvent(data, storedAt) : undefined;
  if (decoded?.kind === "ok") return atLeastAsDeep(decoded.value, message);
  return binaryEvent(message) ?? foreignEvent(message);
}

/** What a trigger publishes is as deep as its headers say, though its body be an event that says less. */
function atLeastAsDeep(event: CloudEvent, message: AnyMessage): CloudEvent {
  const { millracedepth: depth = 0 } = depthOf(Number(header(message, "ce-millracedepth")));
  return depth > (event.millracedepth ?? 0) ? { ...event, millracedepth: depth } : event;
}

/** What is needed of a message: a `BusMessage` has it all. */
export interface AnyMessage {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly storedAt: number;
}

/** NATS clients set no content type as a rule: a body that begins as an object may be an event. */
function looksStructured(message: AnyMessage): boolean {
  const type = header(message, "content-type") ?? "";
  return type === "" || type.startsWith("application/cloudevents") || type.includes("json");
}

/** An event in binary mode: its attributes stand in headers, its data is the body. */
function binaryEvent(message: AnyMessage): CloudEvent | undefined {
  const [id, source, type] = ["ce-id", "ce-source", "ce-type"].map((name) => header(message, name));
  if (header(message, "ce-specversion") !== "1.0") return undefined;
  if (!isText(id) || !isText(source) || !isText(type)) return undefined;
  const extensions = [...message.headers.keys()].flatMap((name) => {
    const attribute = name.startsWith("ce-") ? name.slice("ce-".length) : "";
    const value = header(message, name);
    return attribute === "" || value === undefined ? [] : [[attribute, value] as const];
  });
  const { time, millracedepth, ...rest } = Object.fromEntries(extensions);
  return {
    ...rest,
    specversion: "1.0",
    id,
    source,
    type,
    time: timeOf(time, message.storedAt),
    ...depthOf(Number(millracedepth)),
    data: dataOf(message.data),
  };
}

/** Any message: its subject is the type, its place in its stream the id, its body the data. */
function foreignEvent({ stream, sequence, subject, data, storedAt }: AnyMessage): CloudEvent {
  return {
    specversion: "1.0",
    id: `${stream}/${sequence}`,
    source: `nats:${stream}`,
    type: subject,
    subject,
    time: timeOf(undefined, storedAt),
    data: dataOf(data),
  };
}

/** JSON, else text, else `{ "$bytes": … }`; null for an empty body. */
function dataOf(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return null;
  const json = jsonIn(bytes);
  if (json !== undefined) return json;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { $bytes: Buffer.from(bytes).toString("base64") };
  }
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function header({ headers }: AnyMessage, name: string): string | undefined {
  return headers.get(name)?.[0];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function timeOf(value: unknown, storedAt: number): string {
  return isText(value) && !Number.isNaN(Date.parse(value))
    ? value
    : new Date(storedAt).toISOString();
}

/** A depth that somebody made up counts for none. */
function depthOf(value: unknown): { readonly millracedepth?: number } {
  return Number.isSafeInteger(value) && Number(value) > 0 ? { millracedepth: Number(value) } : {};
}

function foreign(reason: string): Decoded<never> {
  return { kind: "foreign", reason };
}
