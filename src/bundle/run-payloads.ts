import type { InputBody } from "../engine/input.ts";
import type { Payload } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { decodeInput } from "../wire/input-codec.ts";

/** All payloads of a run, in the order in which its messages stand in a file. */
export function* eachPayload({ submission, inbox, frames }: RecordedRun): Generator<Payload> {
  yield submission.input;
  for (const { data } of inbox) {
    const decoded = decodeInput(data);
    if (decoded.kind === "ok") yield* payloadsOfInput(decoded.value.body);
  }
  for (const { events } of frames) for (const event of events) yield* payloadsOfEvent(event);
}

function* payloadsOfInput(body: InputBody): Generator<Payload> {
  if (body.type === "Signal") yield body.payload;
  if (body.type !== "RunClosed") return;
  const { outcome } = body;
  if (outcome.status === "completed") yield outcome.output;
  if (outcome.status === "failed") yield outcome.error;
}

function* payloadsOfEvent(event: RunEvent): Generator<Payload> {
  if ("output" in event) yield event.output;
  if ("error" in event) yield event.error;
  if (event.type === "Annotated") yield* Object.values(event.exposed);
}
