import type { RecordedFrame } from "../engine/frame.ts";
import { isPlain, type Payload } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Stored } from "../ports/run-log.ts";
import { decodeInput, encodeInput } from "../wire/input-codec.ts";

/**
 * The run with its payloads fetched and decoded where that can be done; what is larger than `maxBlobBytes` (default 16 MiB), or
 * cannot be read here, stays as it is recorded. Never throws: whoever compares or draws runs can do so without the rest.
 */
export async function openedRun(
  run: RecordedRun,
  payloads: Pick<Payloads, "open">,
  maxBlobBytes = MAX_BLOB_BYTES,
): Promise<RecordedRun> {
  const open = opener(payloads, maxBlobBytes);
  const frames: RecordedFrame[] = [];
  for (const frame of run.frames) {
    const events: RunEvent[] = [];
    for (const event of frame.events) events.push(await openedEvent(event, open));
    frames.push({ ...frame, events });
  }
  const inbox: Stored[] = [];
  for (const message of run.inbox) inbox.push(await openedInput(message, open));
  const submission = { ...run.submission, input: await open(run.submission.input) };
  return { ...run, submission, frames, inbox };
}

const MAX_BLOB_BYTES = 16_777_216;

type Open = (payload: Payload) => Promise<Payload>;

function opener(payloads: Pick<Payloads, "open">, maxBlobBytes: number): Open {
  return async (payload) => {
    if (isPlain(payload) || (payload.blob?.size ?? 0) > maxBlobBytes) return payload;
    try {
      return await payloads.open(payload);
    } catch {
      return payload;
    }
  };
}

async function openedEvent(event: RunEvent, open: Open): Promise<RunEvent> {
  if ("output" in event) return { ...event, output: await open(event.output) };
  if ("error" in event) return { ...event, error: await open(event.error) };
  if (event.type !== "Annotated") return event;
  const exposed: [string, Payload][] = [];
  for (const [name, payload] of Object.entries(event.exposed)) {
    exposed.push([name, await open(payload)]);
  }
  return { ...event, exposed: Object.fromEntries(exposed) };
}

async function openedInput(message: Stored, open: Open): Promise<Stored> {
  const decoded = decodeInput(message.data);
  if (decoded.kind !== "ok") return message;
  const { body } = decoded.value;
  if (body.type === "Signal") {
    if (isPlain(body.payload)) return message;
    const payload = await open(body.payload);
    return { ...message, data: encodeInput({ ...decoded.value, body: { ...body, payload } }) };
  }
  if (body.type !== "RunClosed") return message;
  const { outcome } = body;
  if (outcome.status === "completed" && !isPlain(outcome.output)) {
    const opened = { ...body, outcome: { ...outcome, output: await open(outcome.output) } };
    return { ...message, data: encodeInput({ ...decoded.value, body: opened }) };
  }
  if (outcome.status === "failed" && !isPlain(outcome.error)) {
    const opened = { ...body, outcome: { ...outcome, error: await open(outcome.error) } };
    return { ...message, data: encodeInput({ ...decoded.value, body: opened }) };
  }
  return message;
}
