import type { RecordedFrame } from "../engine/frame.ts";
import { checkToken } from "../engine/names.ts";
import type { RunStatus } from "../engine/run-status.ts";
import { readHead } from "../history/run-head.ts";
import type { RunHeadMessage } from "../ports/run-log.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { type RunView, viewOfFrame } from "./run-view.ts";

/** Which runs are meant. */
export interface RunFilter<Status extends RunStatus = RunStatus> {
  /** The flow's or task's name. */
  readonly flow: string;
  /** One state or several. Default: any. */
  readonly status?: Status | readonly Status[];
}

/**
 * The runs of a flow, each as its last frame shows it, in no particular order: read from the log, with bounded memory.
 * Runs that no worker has taken up yet have no history, and do not come.
 */
export async function* listRuns(host: ClientHost, filter: RunFilter): AsyncGenerator<RunView> {
  const flow = checkToken("A flow's name", filter.flow);
  const wanted = filter.status === undefined ? undefined : new Set([filter.status].flat());
  for await (const message of host.broker.log.heads(flow)) {
    const frame = await frameOf(host, message);
    if (frame === undefined) continue;
    const view = viewOfFrame(message.run.id, frame, undefined);
    if (wanted === undefined || wanted.has(view.status)) yield view;
  }
}

/** Foreign bytes at the end of a history do not hide the run (I11). */
async function frameOf(
  { broker }: ClientHost,
  { run, head }: RunHeadMessage,
): Promise<RecordedFrame | undefined> {
  const decoded = decodeFrame(head.data);
  if (decoded.kind === "ok") return { ...decoded.value, sequence: head.sequence };
  return (await readHead(broker.log, run)).frame;
}
