import { isPlain, type Payload, type PlainPayload } from "../../engine/payload.ts";
import type { RecordedEvent } from "../../index.ts";
import { decodeError } from "../../wire/error-codec.ts";
import { decodeValue } from "../../wire/value-codec.ts";

/** An event of a run as a test looks at it: outputs, errors and exposed values decoded. */
export type TestEvent = Opened<RecordedEvent>;

type Opened<Event> = Event extends unknown
  ? { readonly [Field in keyof Event]: OpenedField<Field, Event[Field]> }
  : never;

type OpenedField<Field, Value> = Field extends "output"
  ? unknown
  : Field extends "error"
    ? Error | string
    : Field extends "exposed"
      ? Readonly<Record<string, unknown>>
      : Value;

/** Decodes what the event holds; a text stands for what is too large to look at. */
export function openEvent(event: RecordedEvent): TestEvent {
  if ("output" in event) return { ...event, output: opened(event.output, decodeValue) };
  if ("error" in event) return { ...event, error: opened(event.error, decodeError) };
  if (event.type !== "Annotated") return event;
  const exposed = Object.entries(event.exposed).map(
    ([name, payload]) => [name, opened(payload, decodeValue)] as const,
  );
  return { ...event, exposed: Object.fromEntries(exposed) };
}

function opened<T>(payload: Payload, decode: (plain: PlainPayload) => T): T | string {
  return isPlain(payload) ? decode(payload) : "a large value in the blob store";
}
