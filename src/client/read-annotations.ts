import type { Annotations } from "../engine/annotations.ts";
import type { RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { RunLog } from "../ports/run-log.ts";
import { decodeFrame } from "../wire/frame-codec.ts";

/** What the flow tells of itself as of this frame: in the frame, or one look-up away. */
export async function readAnnotations(
  log: RunLog,
  run: RunRef,
  frame: RecordedFrame,
): Promise<Annotations | undefined> {
  const own = annotationsOf(frame);
  if (own !== undefined || frame.annotated === 0) return own;
  const [stored] = await log.history(run, frame.annotated, frame.annotated);
  const decoded = stored === undefined ? undefined : decodeFrame(stored.data);
  return decoded?.kind === "ok" ? annotationsOf(decoded.value) : undefined;
}

function annotationsOf({ events }: Pick<RecordedFrame, "events">): Annotations | undefined {
  return events.findLast((event) => event.type === "Annotated");
}
