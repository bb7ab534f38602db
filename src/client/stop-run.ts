import {
  annotatedAt,
  type Frame,
  isActive,
  isClosed,
  type RecordedFrame,
} from "../engine/frame.ts";
import { shortReason } from "../engine/input.ts";
import { RunClosedError, RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { inputBytes, putInput } from "../history/put-input.ts";
import { putWake } from "../history/put-wake.ts";
import { readSubmission, type StoredSubmission } from "../history/read-submission.ts";
import { readSureHead } from "../history/run-head.ts";
import { tellIfClosed } from "../history/tell-closed.ts";
import { encodeFrame } from "../wire/frame-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";

/**
 * Asks a run to stop. A run that no worker has taken up, or that is parked, is closed at once; any other hears of it, and may
 * clean up. Resolves when that is durable.
 * @throws {@link RunClosedError}, {@link RunNotFoundError}, {@link BrokerError}
 */
export async function cancelRun(
  host: StopHost,
  run: RunRef,
  reason: string,
  as: StopId = freshStopId(host),
): Promise<void> {
  const patience = new Patience(host, GIVE_UP_MS);
  const body = { type: "Cancel", reason: shortReason(reason) } as const;
  await closeRun(host, run, { reason: body.reason, writer: as.writer }, async (frame) => {
    if (frame.status === "parked") return "close";
    await patience.ask(() => putInput(host, run, frame.queue, body, as.inputId));
    return "asked";
  });
}

/**
 * Ends a run now, whoever has it: no clean-up is done, and what it is doing is given up. Resolves when that is durable.
 * @throws {@link RunClosedError}, {@link RunNotFoundError}, {@link BrokerError}
 */
export async function terminateRun(
  host: StopHost,
  run: RunRef,
  reason: string,
  as: Pick<StopId, "writer"> = freshStopId(host),
): Promise<void> {
  const by = { reason: shortReason(reason), writer: as.writer };
  await closeRun(host, run, by, () => Promise.resolve("close"));
}

/** What one request to stop a run is known by: asked again with the same, nothing is done twice. */
export interface StopId {
  /** Of the input, if one is put. */
  readonly inputId: string;
  /** Of the frame, if the run is closed at once: a token, which no worker is called. */
  readonly writer: string;
}

type StopHost = Pick<ClientHost, "broker" | "clock">;

/** One of its own for each call. */
function freshStopId({ clock }: StopHost): StopId {
  const inputId = sortableId(clock.now(), Math.random);
  return { inputId, writer: `client-${inputId}` };
}

/**
 * Appends the closing frame in place of whoever has the run: the write fences it (I2). `decide` says whether to, once there is
 * a frame. What a worker does after it has closed a run is done here, and is sure to be done (I5): before the frame is written,
 * the broker has an order to wake the run a little later, which somebody gets who sees that it has closed.
 */
async function closeRun(
  host: StopHost,
  run: RunRef,
  { reason, writer }: { readonly reason: string; readonly writer: string },
  decide: (frame: RecordedFrame) => Promise<"close" | "asked">,
): Promise<void> {
  const { broker, clock } = host;
  const { log } = broker;
  const patience = new Patience(host, GIVE_UP_MS);
  for (let last: RecordedFrame | undefined; ; ) {
    const head = await patience.ask(() => readSureHead(log, run));
    const { frame } = head;
    // Its ack was lost.
    if (frame?.writer === writer) return tell(host, run, frame, last);
    if (frame !== undefined && isClosed(frame.status)) {
      throw new RunClosedError(run.id, frame.status);
    }
    if (frame !== undefined && (await decide(frame)) === "asked") return;
    const submission = await patience.ask(() => readSubmission(log, run, frame?.queue));
    if (submission === undefined) throw new RunNotFoundError(run.id, log.namespace);
    const closing = closingFrame(frame, submission, { at: clock.now(), reason, writer });
    // The token of a run that has not started is its submission, which is still in the queue.
    if (frame !== undefined) await patience.ask(() => orderWake(host, run, closing));
    last = frame;
    const outcome = await log.append(run, head.last, encodeFrame(closing));
    if (outcome.status === "written") return tell(host, run, closing, last);
    if (patience.isOver) {
      throw new BrokerError(
        `It is not known whether run ${run.id} was stopped. Look, and try again.`,
      );
    }
    if (outcome.status === "unknown") await patience.pause();
  }
}

/** Comes after the closing frame, to whoever is there then. If the frame is never written, it only wakes the run. */
function orderWake(
  host: StopHost,
  run: RunRef,
  { queue, token, epoch: number }: Frame,
): Promise<void> {
  const wake = { type: "Wake", replaces: [token], resume: false, queue } as const;
  const time = host.clock.now() + TELL_AFTER_MS;
  return host.broker.log.wakeAt(run, queue, { number, time }, inputBytes(host.clock, wake));
}

/** Tells at once whom the ordered wake would make somebody tell later: so a failure in here delays, and loses nothing. */
async function tell(
  host: StopHost,
  run: RunRef,
  closing: Frame,
  before: RecordedFrame | undefined,
): Promise<void> {
  const { broker } = host;
  try {
    const submission = await readSubmission(broker.log, run, closing.queue);
    // A hint: whoever waits for the result learns of it by the stream otherwise.
    const replyTo = submission?.replyTo ?? "";
    if (replyTo !== "") broker.hints.send(replyTo, encodeFrame(closing));
    if (submission !== undefined && before !== undefined && isActive(before.status)) {
      const { queue, token, epoch, writer } = before;
      await putWake(host, run, queue, { replaces: [token], resume: false, queue });
      // Whoever holds it looks at its inbox when it is asked, and drops the run; its next write is refused anyhow.
      const { partition } = submission;
      void broker.peers.asks(writer, { run: run.id, partition, token, epoch });
    }
    await tellIfClosed(host, run);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
  }
}

function closingFrame(
  head: RecordedFrame | undefined,
  submission: StoredSubmission,
  by: { readonly at: number; readonly reason: string; readonly writer: string },
): Frame {
  const { prev, epoch, token, inboxFolded, annotated } =
    head === undefined
      ? { prev: 0, epoch: 0, token: submission.sequence, inboxFolded: 0, annotated: 0 }
      : { ...head, prev: head.sequence, annotated: annotatedAt(head) };
  return {
    prev,
    epoch: epoch + 1,
    writer: by.writer,
    status: "cancelled",
    inboxFolded,
    token,
    queue: submission.queue,
    annotated,
    events: [{ type: "Cancelled", at: by.at, reason: by.reason }],
  };
}

const GIVE_UP_MS = 30_000;
/** By then the frame is written, or never will be: its writer waits less long for an ack. */
const TELL_AFTER_MS = 10_000;
