import type { EventPlace } from "./event-address.ts";
import type { FrameStatus, RecordedFrame } from "./frame.ts";
import { frameStatus } from "./frame-status.ts";
import type { RunEvent } from "./run-event.ts";
import { foldFrames } from "./run-state.ts";
import { START_TIMER } from "./step-id.ts";

/**
 * The frames of a run as they would be if an event were its last one: a frame is cut behind it, and has the status that its
 * writer would have given to it then.
 */
export function framesUpTo(
  frames: readonly RecordedFrame[],
  { sequence, inFrame }: Pick<EventPlace, "sequence" | "inFrame">,
): readonly RecordedFrame[] {
  const end = frames.findLastIndex((frame) => frame.sequence <= sequence);
  const last = frames[end];
  if (last === undefined) return [];
  const before = frames.slice(0, end);
  const isWhole = last.sequence < sequence || inFrame + 1 >= last.events.length;
  if (isWhole) return [...before, last];
  const events = last.events.slice(0, inFrame + 1);
  const cut = { ...last, events };
  return [...before, { ...cut, status: statusOf([...before, cut], events) }];
}

function statusOf(frames: readonly RecordedFrame[], events: readonly RunEvent[]): FrameStatus {
  const state = foldFrames(frames);
  const last = events.at(-1);
  const waits = last?.type === "Suspended" ? last.waits : [];
  return frameStatus(events, {
    isScheduled: waits.length === 1 && waits[0]?.startsWith(START_TIMER) === true,
    isToStop: state?.cancelReason !== undefined,
    isExecuting: [...(state?.steps.values() ?? [])].some(({ status }) => status === "running"),
  });
}
