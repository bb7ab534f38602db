import { isClosed, type RecordedFrame } from "../engine/frame.ts";
import { checkToken } from "../engine/names.ts";
import { parseRunId, type RunRef } from "../engine/run-id.ts";
import type { StoredRun } from "../history/recorded-run.ts";
import { readHead } from "../history/run-head.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import type { ClientHost } from "./client-host.ts";

/** An open run with a history, as its last frame has it. */
export interface OpenRun {
  readonly run: RunRef;
  readonly head: RecordedFrame;
}

/**
 * The open runs of a namespace, of all flows or one, in no particular order: read from the log, with bounded memory. Runs that no
 * worker has taken up yet have no history, and do not come.
 */
export async function* openRuns({ broker }: ClientHost, flow?: string): AsyncGenerator<OpenRun> {
  const wanted = flow === undefined ? undefined : checkToken("A flow's name", flow);
  for await (const { run, head } of broker.log.heads(wanted)) {
    const decoded = decodeFrame(head.data);
    // Foreign bytes at the end of a history do not hide the run (I11).
    const frame =
      decoded.kind === "ok"
        ? { ...decoded.value, sequence: head.sequence }
        : (await readHead(broker.log, run)).frame;
    if (frame !== undefined && isOpen(frame)) yield { run, head: frame };
  }
}

/** An open run by its id. Nothing when it has ended, is archived, or was never taken up. */
export async function openRun({ broker }: ClientHost, id: string): Promise<OpenRun | undefined> {
  const run = parseRunId(id);
  const { frame: head } = await readHead(broker.log, run);
  return head === undefined || !isOpen(head) ? undefined : { run, head };
}

/**
 * All messages of an open run up to its head: two look-ups, and two more when it has folded something of its inbox. Nothing when
 * its submission is gone.
 */
export async function readOpenRun(
  { broker: { log } }: ClientHost,
  { run, head }: OpenRun,
): Promise<StoredRun | undefined> {
  const [history, submission, inbox] = await Promise.all([
    log.history(run, head.sequence),
    submissionOf(),
    head.inboxFolded === 0 ? [] : log.inbox(run, head.queue, 0),
  ]);
  return submission === undefined ? undefined : { submission, inbox, history };

  async function submissionOf() {
    return (await log.submission(run, head.queue)) ?? log.submission(run);
  }
}

function isOpen({ status, events }: RecordedFrame): boolean {
  return !isClosed(status) && !events.some(({ type }) => type === "Archived");
}
