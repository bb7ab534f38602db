/**
 * Runs a flow's real code against what is recorded of a run, with no effect: it is the same play that a worker makes of it
 * ({@link FlowPlay}), so a run that fits here fits there.
 *
 * - There is no broker, no clock and no step runner here. A step's function cannot be had: it takes the effects of a worker to
 *   get it out of what the flow asks for.
 * - **I7** The flow sees the history's events and nothing else, one at a time.
 */
import { pino } from "pino";
import { isPlain, type Payload, type PlainPayload } from "../engine/payload.ts";
import { PayloadUnreadableError } from "../engine/payload-errors.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { resolveAddress } from "../history/resolve-address.ts";
import { watchStrayRejections } from "../worker/stray-rejections.ts";
import { Rehearsal } from "./rehearsal.ts";
import type { ReplayOptions, ReplayPayloads } from "./replay-options.ts";
import type { Replay } from "./replay-result.ts";

/**
 * Replays a run from what is recorded of it. Nothing is executed but the flow's own function, with the functions that it calls
 * to make names, keys and checks; no step is.
 * @throws {@link EventNotFoundError} when there is nothing at `until`, {@link BlobStoreError} when a store is away.
 */
export async function replay(run: RecordedRun, options: ReplayOptions): Promise<Replay> {
  const { payloads = PLAIN_ONLY, log = SILENT, definition, until, onMoment } = options;
  // A typing error is told before any code runs; what a flow receives has no event of its own to look for.
  if (until !== undefined && !("step" in until)) resolveAddress(run.frames, until);
  const { guess: looksAhead = true, warn: guards = true, places: hasPlaces = true } = options;
  const parts = { payloads, log, definition, until, onMoment, guards, looksAhead, hasPlaces };
  const rehearsal = new Rehearsal(run, parts);
  const unwatch = watchStrayRejections(log);
  try {
    return await rehearsal.play();
  } finally {
    // What nobody handled of the last event is told when its turn is over.
    setImmediate(unwatch);
  }
}

const SILENT = pino({ level: "silent" });

const PLAIN_ONLY: ReplayPayloads = {
  maxBytes: Number.POSITIVE_INFINITY,
  open(payload: Payload): PlainPayload {
    if (isPlain(payload)) return payload;
    const where = payload.blob === undefined ? `codec ${payload.codec}` : "a blob store";
    throw new PayloadUnreadableError(
      `A payload went through ${where}, and this replay was given nothing to read it with. Give it payloads.`,
    );
  },
};
