import { expect } from "vitest";
import type { Millrace } from "../../../src/client/millrace.ts";
import { isClosed } from "../../../src/engine/frame.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import { parseRunId } from "../../../src/engine/run-id.ts";
import { foldFrames, type RunState } from "../../../src/engine/run-state.ts";
import { readHistory } from "../../../src/history/run-history.ts";

/** What a history of a closed run holds, once it is known to be sound. */
export interface SoundHistory {
  readonly state: RunState;
  readonly events: readonly RunEvent[];
}

/**
 * Reads a closed run's history from the stream and checks what every one must keep: one chain with one writer an epoch
 * (I2), no outcome recorded twice and none changed (I3), one closing event, at the end.
 */
export async function soundHistory(millrace: Millrace, id: string): Promise<SoundHistory> {
  const { log } = millrace.broker;
  const run = parseRunId(id);
  const head = await log.head(run);
  const { frames, foreign } = await readHistory(log, run, head?.sequence ?? 0);
  const state = foldFrames(frames);
  if (state === undefined) throw new Error(`Run ${id} has no history`);

  expect(foreign, `messages that no holder wrote in ${id}`).toEqual([]);
  const writers = new Map<number, string>();
  let epoch = 0;
  for (const frame of frames) {
    expect(frame.epoch, `epochs of ${id} only rise`).toBeGreaterThanOrEqual(epoch);
    epoch = frame.epoch;
    expect(writers.get(epoch) ?? frame.writer, `writer of epoch ${epoch}`).toBe(frame.writer);
    writers.set(epoch, frame.writer);
  }
  const events = frames.flatMap((frame) => frame.events);
  const outcomes = events.flatMap(outcomeId);
  expect(outcomes, `outcomes of ${id}`).toEqual([...new Set(outcomes)]);
  expect(events.filter(isClosing).length, `closing events of ${id}`).toBe(1);
  expect(events.slice(-1).every(isClosing), `${id} ends with its closing event`).toBe(true);
  expect(isClosed(state.status), `${id} is ${state.status}`).toBe(true);
  return { state, events };
}

function outcomeId(event: RunEvent): readonly string[] {
  switch (event.type) {
    case "StepCompleted":
    case "StepFailed":
      return [event.step];
    case "StepAttemptFailed":
      return [`${event.step} attempt ${event.attempt}`];
    case "TimerFired":
      return [event.timer];
    default:
      return [];
  }
}

function isClosing(event: RunEvent): boolean {
  return isClosed(event.type.toLowerCase());
}
