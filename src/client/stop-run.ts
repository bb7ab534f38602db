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
import { putInput } from "../history/put-input.ts";
import { putWake } from "../history/put-wake.ts";
import { readSubmission, type StoredSubmission } from "../history/read-submission.ts";
import { type RunHead, readSureHead } from "../history/run-head.ts";
import { tellIfClosed } from "../history/tell-closed.ts";
import { encodeFrame } from "../wire/frame-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";

/**
 * Asks a run to stop. A run that no worker has is closed at once; any other hears of it, and may clean up. Resolves when the
 * request is durable.
 * @throws {@link RunClosedError}, {@link RunNotFoundError}, {@link BrokerError}
 */
export async function cancelRun(host: ClientHost, run: RunRef, reason: string): Promise<void> {
  const inputId = sortableId(host.clock.now(), Math.random);
  await untilSettled(host, run, async (head) => {
    const { frame } = head;
    if (frame === undefined || frame.status === "parked") return close(host, run, head, reason);
    await putInput(
      host,
      run,
      frame.queue,
      { type: "Cancel", reason: shortReason(reason) },
      inputId,
    );
    return true;
  });
}

/**
 * Ends a run now, whoever has it: no clean-up is done, and what it is doing is given up. Resolves when that is durable.
 * @throws {@link RunClosedError}, {@link RunNotFoundError}, {@link BrokerError}
 */
export async function terminateRun(host: ClientHost, run: RunRef, reason: string): Promise<void> {
  await untilSettled(host, run, (head) => close(host, run, head, reason));
}

/** Looks at the run and acts, until nobody was faster. */
async function untilSettled(
  host: ClientHost,
  run: RunRef,
  act: (head: RunHead) => Promise<boolean>,
): Promise<void> {
  const patience = new Patience(host, GIVE_UP_MS);
  for (;;) {
    const head = await patience.ask(() => readSureHead(host.broker.log, run));
    const status = head.frame?.status ?? "pending";
    if (isClosed(status)) throw new RunClosedError(run.id, status);
    if (await patience.ask(() => act(head))) return;
    if (patience.isOver) {
      throw new BrokerError(`Run ${run.id} could not be stopped: it moves on too fast. Try again.`);
    }
  }
}

/**
 * Appends the closing frame in place of whoever has the run: the write fences it (I2). What the run's own worker would have
 * done after it is done here, and again by whoever gets the run's token or the wake (I5). False when somebody was faster.
 */
async function close(
  host: ClientHost,
  run: RunRef,
  { frame, last }: RunHead,
  reason: string,
): Promise<boolean> {
  const { broker, clock } = host;
  const submission = await readSubmission(broker.log, run, frame?.queue);
  if (submission === undefined) throw new RunNotFoundError(run.id, broker.log.namespace);
  const bytes = encodeFrame(closingFrame(frame, submission, { at: clock.now(), reason }));
  const outcome = await broker.log.append(run, last, bytes);
  if (outcome.status === "unknown") {
    // It may be ours that stands there.
    const now = await readSureHead(broker.log, run);
    const isOurs = now.frame !== undefined && Buffer.compare(encodeFrame(now.frame), bytes) === 0;
    if (!isOurs) return false;
  } else if (outcome.status === "conflict") return false;
  // A hint: whoever waits for the result learns of it by the stream otherwise.
  if (submission.replyTo !== "") broker.hints.send(submission.replyTo, bytes);
  if (frame !== undefined && isActive(frame.status)) {
    const { queue, token } = frame;
    await putWake(host, run, queue, { replaces: [token], resume: false, queue });
    // Whoever holds it looks at its inbox when it is asked, and drops the run: a hint, since its next write is refused anyhow.
    const { partition } = submission;
    void broker.peers.asks(frame.writer, { run: run.id, partition, token, epoch: frame.epoch });
  }
  await tellIfClosed(host, run);
  return true;
}

function closingFrame(
  head: RecordedFrame | undefined,
  submission: StoredSubmission,
  { at, reason }: { readonly at: number; readonly reason: string },
): Frame {
  const { prev, epoch, token, inboxFolded, annotated } =
    head === undefined
      ? { prev: 0, epoch: 0, token: submission.sequence, inboxFolded: 0, annotated: 0 }
      : { ...head, prev: head.sequence, annotated: annotatedAt(head) };
  return {
    prev,
    epoch: epoch + 1,
    writer: WRITER,
    status: "cancelled",
    inboxFolded,
    token,
    queue: submission.queue,
    annotated,
    events: [{ type: "Cancelled", at, reason: shortReason(reason) }],
  };
}

const WRITER = "client";
const GIVE_UP_MS = 30_000;
