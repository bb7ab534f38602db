import type { Logger } from "pino";
import type { Frame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import { type RunHead, readSureHead } from "../history/run-head.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { encodeFrame } from "../wire/frame-codec.ts";

/** Where the next frame of a history goes. */
export interface AppendPlace {
  /** Sequence of the last frame: the new one's `prev`. */
  readonly prev: number;
  /** Sequence of the last message on the subject, which the write expects. Not `prev` when foreign bytes follow it. */
  readonly last: number;
}

/**
 * Appends a frame, and does not come back before its fate is known: every unclear answer is cleared up by reading the
 * head, so a frame is never written twice, and a lost ack loses nothing (I2). One that is too large for a message is not sent.
 */
export async function appendFrame(
  host: AppendHost,
  run: RunRef,
  place: AppendPlace,
  frame: Omit<Frame, "prev">,
): Promise<AppendResult> {
  const { prev } = place;
  const bytes = encodeFrame({ ...frame, prev });
  let { last } = place;
  for (let tries = 0; ; tries++) {
    // The broker would refuse it each time; how much it takes may have changed with a reconnect.
    const limitBytes = host.broker.log.maxMessageBytes;
    if (bytes.length > limitBytes) return { status: "too-large", bytes, limitBytes };
    const outcome = await host.broker.log.append(run, last, bytes);
    if (outcome.status === "written")
      return { status: "appended", sequence: outcome.sequence, bytes };
    const head = await readHeadAnyhow(host, run, tries);
    if (head === undefined) return { status: "closed" };
    const found = head.frame;
    if (found !== undefined && found.sequence > prev) {
      return isSame(found, bytes, frame)
        ? { status: "appended", sequence: found.sequence, bytes }
        : { status: "superseded", by: found };
    }
    if ((found?.sequence ?? 0) < prev) return { status: "vanished" };
    // Still our turn: it was not stored, or foreign bytes were put in front of us.
    last = head.last;
    if (outcome.status !== "unknown") continue;
    if (tries % TRIES_PER_WARNING === TRIES_PER_WARNING - 1) {
      host.log.warn({ run: run.id, err: outcome.cause }, "A frame is not confirmed; trying again");
    }
    await pause(host.clock, tries);
  }
}

/**
 * True when the frame is the one that was sent, byte for byte. Epoch and writer do not say so: an earlier activation by
 * this worker, lost before its first frame landed, had the same (I3).
 */
function isSame(found: Frame, bytes: Uint8Array, sent: Pick<Frame, "epoch" | "writer">): boolean {
  if (found.epoch !== sent.epoch || found.writer !== sent.writer) return false;
  return Buffer.compare(encodeFrame(found), bytes) === 0;
}

/** What an append needs of its worker. */
export interface AppendHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The first comes after about a second, the next ones every eight. */
const TRIES_PER_WARNING = 8;

export type AppendResult =
  | { readonly status: "appended"; readonly sequence: number; readonly bytes: Uint8Array }
  /** Somebody else wrote in this place: whoever wrote `by` has the run. */
  | { readonly status: "superseded"; readonly by: Frame }
  /** No broker of this kind takes it: nothing was written. */
  | { readonly status: "too-large"; readonly bytes: Uint8Array; readonly limitBytes: number }
  /** The history is shorter than it was: somebody purged the stream. */
  | { readonly status: "vanished" }
  /** The connection was closed before the frame's fate was known. */
  | { readonly status: "closed" };

/** How an append ends that says that the run is no longer this worker's. */
export type LostAppend = Exclude<AppendResult, { status: "appended" | "too-large" }>;

/** Asks until the broker answers, or the connection is closed for good. */
async function readHeadAnyhow(
  { broker, clock }: AppendHost,
  run: RunRef,
  tries: number,
): Promise<RunHead | undefined> {
  for (let again = tries; !broker.closed.aborted; again++) {
    try {
      return await readSureHead(broker.log, run);
    } catch {
      await pause(clock, again); // The broker is away: nothing to do but ask again.
    }
  }
  return undefined;
}

function pause(clock: Clock, tries: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(Math.min(1_000, 20 * 2 ** Math.min(tries, 10)), resolve);
  });
}
