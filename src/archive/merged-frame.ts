import { constants } from "node:buffer";
import { RunNotRestorableError } from "../engine/archive-errors.ts";
import type { Frame, RecordedFrame } from "../engine/frame.ts";
import type { Payload } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { encodeFrame } from "../wire/frame-codec.ts";

/** Where a run's inputs are now: its new sequences by the former ones. */
export type Renumbered = ReadonlyMap<number, number>;

/**
 * A whole history as one frame: one write brings it back, all or nothing. Its inputs are named where they are now. What makes it
 * too large for a message goes to the blob store first (I9).
 * @throws {@link RunNotRestorableError} when it does not fit even so.
 */
export async function mergedFrame(
  runId: string,
  frames: readonly RecordedFrame[],
  inputs: Renumbered,
  { payloads, limitBytes }: { readonly payloads: Payloads; readonly limitBytes: number },
): Promise<Uint8Array> {
  const last = frames.at(-1);
  const all = frames.flatMap(({ events }) => events);
  if (last === undefined || all.some(({ type }) => type === "Unknown")) {
    throw new RunNotRestorableError(runId, "a newer Millrace wrote some of its history.");
  }
  const { epoch, writer, status, token, queue } = last;
  const inboxFolded = foldedUpTo(frames, inputs);
  const encoded = (events: readonly RunEvent[]): Uint8Array => {
    const frame: Frame = {
      prev: 0,
      epoch,
      writer,
      status,
      inboxFolded,
      token,
      queue,
      annotated: 0,
      events,
    };
    return encodeFrame(frame);
  };
  let events = all.map((event) => renumber(event, inputs));
  // The largest payloads first, and no more of them than it takes.
  for (const limit of PAYLOAD_BYTES) {
    events = await Promise.all(events.map((event) => lighter(event, limit, payloads)));
    const bytes = encoded(events);
    if (bytes.length <= limitBytes) return bytes;
  }
  throw new RunNotRestorableError(
    runId,
    `its ${all.length} events do not fit into one message of ${limitBytes} bytes.`,
  );
}

/** Where the last input is now that a history has folded; 0 for none. */
export function foldedUpTo(frames: readonly RecordedFrame[], inputs: Renumbered): number {
  const last = frames.at(-1)?.inboxFolded ?? 0;
  let upTo = 0;
  for (const [former, now] of inputs) if (former <= last) upTo = Math.max(upTo, now);
  return upTo;
}

/** Payloads that are larger than this become blobs, in bytes: none at first, then more and more. */
const PAYLOAD_BYTES = [constants.MAX_LENGTH, 16_384, 1_024, 256];

function renumber(event: RunEvent, inputs: Renumbered): RunEvent {
  if (event.type !== "InputFolded") return event;
  return { ...event, sequence: inputs.get(event.sequence) ?? event.sequence };
}

/** The event with those of its payloads in the blob store that are larger than the limit, in bytes. */
export async function lighter(
  event: RunEvent,
  limit: number,
  payloads: Payloads,
): Promise<RunEvent> {
  if ("output" in event) {
    return { ...event, output: await asBlob(event.output, limit, payloads) };
  }
  if ("error" in event) return { ...event, error: await asBlob(event.error, limit, payloads) };
  if (event.type !== "Annotated") return event;
  const exposed: [string, Payload][] = [];
  for (const [name, payload] of Object.entries(event.exposed)) {
    exposed.push([name, await asBlob(payload, limit, payloads)]);
  }
  return { ...event, exposed: Object.fromEntries(exposed) };
}

/** The payload with its bytes in the blob store, if they are more than the limit. */
export async function asBlob(
  payload: Payload,
  limit: number,
  payloads: Payloads,
): Promise<Payload> {
  if (payload.blob !== undefined || payload.data.length <= limit) return payload;
  const { encoding, codec, data } = payload;
  const blob = await payloads.storeFile(data);
  return codec === undefined ? { encoding, blob } : { encoding, codec, blob };
}
