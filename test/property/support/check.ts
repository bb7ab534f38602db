import { expect } from "vitest";
import type { Stored } from "../../../src/ports/run-log.ts";
import { decodeFrame, encodeFrame } from "../../../src/wire/frame-codec.ts";
import { type Aftermath, drill, type Plan, undisturbed } from "./drill.ts";
import { brokenBy, historiesIn } from "./invariants.ts";
import { isOrderFree } from "./program.ts";

/** Drills the plan and compares what it left with the undisturbed run, the invariants, and a replay. */
export async function check(plan: Plan): Promise<void> {
  const calm = await drill(undisturbed(plan));
  const rough = await drill(plan);
  checkHistories(calm, 1);
  checkHistories(rough, plan.runs);
  expect(rough.tokenless, "I4").toEqual([]);
  const expected = isOrderFree(plan.program)
    ? rough.outcomes.map(() => calm.outcomes[0])
    : rough.outcomes;
  expect(rough.outcomes, "the undisturbed outcome").toEqual(expected);
  expect((await replay(plan, rough.messages)).outcomes, "I7").toEqual(rough.outcomes);
}

function checkHistories(aftermath: Aftermath, runs: number): void {
  const histories = historiesIn(aftermath.messages);
  expect(histories.size).toBe(runs);
  for (const history of histories.values()) expect(brokenBy(history)).toBeUndefined();
  expect(aftermath.unacked).toEqual([]);
}

/** Takes every run up once more where it stood before its end: the same history gives the same end (I7). */
function replay(plan: Plan, messages: readonly Stored[]): Promise<Aftermath> {
  const histories = [...historiesIn(messages).values()];
  const ends = new Set(histories.map((history) => history.at(-1)));
  const stored = messages.map((message) => (ends.has(message) ? withoutEnd(message) : message));
  return drill({ ...undisturbed(plan), runs: plan.runs }, stored);
}

/** The frame without its last event; the others keep their sequences, so something stands in the place of an empty one. */
function withoutEnd(message: Stored): Stored {
  const frame = decodeFrame(message.data);
  if (frame.kind !== "ok") throw new Error(`Message ${message.sequence} is no frame`);
  const events = frame.value.events.slice(0, -1);
  if (events.length === 0) {
    return { ...message, subject: "mr.test.0.none", data: new Uint8Array() };
  }
  return { ...message, data: encodeFrame({ ...frame.value, status: "running", events }) };
}
