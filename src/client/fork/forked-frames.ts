import { lighter } from "../../archive/merged-frame.ts";
import type { Frame } from "../../engine/frame.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import type { Payloads } from "../../payloads/payloads.ts";
import { eventSizeBytes } from "../../wire/frame-codec.ts";

/** What all frames of a copied history say. */
export type ForkedFrame = Pick<Frame, "epoch" | "writer" | "queue" | "inboxFolded">;

/**
 * A copied history as frames, as few as fit into messages: most of the time one. A payload that makes an event too large for a
 * message goes to the blob store first (I9).
 */
export async function forkedFrames(
  events: readonly RunEvent[],
  says: ForkedFrame,
  { payloads, limitBytes }: { readonly payloads: Payloads; readonly limitBytes: number },
): Promise<readonly Omit<Frame, "prev" | "annotated">[]> {
  const frames: RunEvent[][] = [];
  let room = 0;
  for (const whole of events) {
    const isTooLarge = eventSizeBytes(whole) > limitBytes - FRAME_BYTES;
    const event = isTooLarge ? await lighter(whole, SMALL_BYTES, payloads) : whole;
    const size = eventSizeBytes(event);
    if (frames.length === 0 || size > room) {
      frames.push([]);
      room = limitBytes - FRAME_BYTES;
    }
    frames.at(-1)?.push(event);
    room -= size;
  }
  return frames.map((own) => ({ ...says, status: "released", token: 0, events: own }));
}

/** What a frame takes without its events. */
const FRAME_BYTES = 1_024;
const SMALL_BYTES = 256;
