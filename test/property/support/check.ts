import { expect } from "vitest";
import { isPlain, type Payload } from "../../../src/engine/payload.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import { decodeError } from "../../../src/wire/error-codec.ts";
import { decodeFrame, encodeFrame } from "../../../src/wire/frame-codec.ts";
import { decodeValue } from "../../../src/wire/value-codec.ts";
import { type Aftermath, drill } from "./drill.ts";
import { brokenBetween, brokenReceiving } from "./family-invariants.ts";
import { brokenBy, firstOfEach, terminationOf } from "./invariants.ts";
import { isOrderFree } from "./order-free.ts";
import { type Plan, undisturbed } from "./plan.ts";
import { holds } from "./program.ts";
import { runsIn, type StoredRun } from "./stored-runs.ts";

/**
 * Drills the plan and compares what it left with the undisturbed run, the invariants, and a replay. A lease that lapses before
 * its time, under a worker that is well, may leave a run without a token for a while: whoever asks after it repairs that.
 */
export async function check(plan: Plan, tokens = !lapsesEarly(plan)): Promise<void> {
  const calm = await drill(undisturbed(plan));
  const rough = await drill(plan);
  checkAftermath(calm);
  checkAftermath(rough);
  if (tokens) expect(rough.tokenless, "I4").toEqual([]);
  const expected = isFixed(plan) ? rough.outcomes.map(() => calm.outcomes[0]) : rough.outcomes;
  expect(rough.outcomes, "the undisturbed outcome").toEqual(expected);
  await checkReplay(plan, rough);
}

/** True when nothing that the plan holds may change how its runs end. */
export function isFixed({ program, shared, stops, deadlineMs }: Plan): boolean {
  const mayMiss = shared.atMs > 0 && holds(program, ({ type }) => type === "attach");
  return isOrderFree(program) && !mayMiss && stops.length === 0 && deadlineMs === 0;
}

function lapsesEarly({ timedFaults }: Plan): boolean {
  return timedFaults.some(({ fault }) => fault === "lapse");
}

/** What a drill left keeps the invariants of the run protocol. */
export function checkAftermath(aftermath: Aftermath): void {
  const { messages, observed } = aftermath;
  const runs = runsIn(messages);
  for (const run of runs.values()) {
    // An input for a run that was never submitted tells nobody anything.
    if (run.submission === undefined && run.frames.length === 0) continue;
    const broken = brokenBy(run);
    if (broken !== undefined) throw new Error(`${run.id}: ${broken}`);
  }
  expect(brokenBetween(runs)).toBeUndefined();
  expect(brokenReceiving(runs, valuesOf, observed)).toBeUndefined();
  expect(aftermath.unacked, "I4").toEqual([]);
  expect(aftermath.held, "what workers hold after the end").toBe(0);
  expect(messages.filter(({ subject }) => subject.includes(".dead."))).toEqual([]);
}

/** What was sent to a run by one signal. */
export function valuesOf({ inbox }: StoredRun, signal: string): readonly unknown[] {
  return firstOfEach(inbox).flatMap(({ body }) =>
    body.type === "Signal" && body.name === signal ? [valueIn(body.payload)] : [],
  );
}

/** Takes every run up once more where it stood before its end: the same history gives the same end (I7). */
async function checkReplay(plan: Plan, { messages, outcomes }: Aftermath): Promise<void> {
  const runs = [...runsIn(messages).values()];
  // Nobody would end those again that somebody ended from outside.
  const ended = runs.filter((run) => terminationOf(run) === undefined);
  const ends = new Set(ended.map(({ frames }) => frames.at(-1)?.sequence));
  const late = new Set(runs.flatMap(inputsAfterEnd));
  const stored = messages.map((message) => {
    if (late.has(message.sequence)) return emptied(message);
    return ends.has(message.sequence) ? withoutEnd(message) : message;
  });
  const calm = { ...undisturbed(plan), suspendAfterMs: plan.suspendAfterMs, runs: plan.runs };
  const again = await drill(calm, { messages: stored, at: LONG_BEFORE });
  expect(again.outcomes, "I7").toEqual(outcomes);
  // A child that had ended before its parent stopped it may be stopped this time, or may clean up before it ends.
  const stopped = runsChangedAfter(messages.length, again.messages);
  expect(endsOf(again.messages, stopped), "I7").toEqual(endsOf(messages, stopped));
  expect(brokenReceiving(runsIn(again.messages), valuesOf, again.observed)).toBeUndefined();
}

/** A replay goes by what is recorded: no deadline passes while it is tried. */
const LONG_BEFORE = 1_700_000_000_000;

/** How each run ended. */
function endsOf(
  messages: readonly Stored[],
  without: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const ends = [...runsIn(messages).values()]
    .filter(({ id }) => !without.has(id))
    .map(({ id, frames }) => [id, textOf(frames.at(-1)?.events.at(-1))] as const);
  return Object.fromEntries(ends);
}

function runsChangedAfter(after: number, messages: readonly Stored[]): ReadonlySet<string> {
  const runs = [...runsIn(messages).values()].filter(
    ({ inbox, frames }) =>
      inbox.some(({ sequence, body }) => sequence > after && body.type === "Cancel") ||
      (frames[0]?.prev === 0 && frames[0].sequence > after),
  );
  return new Set(runs.map(({ id }) => id));
}

/** Stacks differ from worker to worker. */
function textOf(end: RunEvent | undefined): string {
  if (end?.type === "Completed") return `completed: ${JSON.stringify(valueIn(end.output))}`;
  if (end?.type === "Failed") return `failed: ${errorIn(end.error)} at ${end.step}`;
  return end?.type === "Cancelled" ? `cancelled: ${end.reason}` : String(end?.type);
}

/** The frame without its last event. */
function withoutEnd(message: Stored): Stored {
  const frame = decodeFrame(message.data);
  if (frame.kind !== "ok") throw new Error(`Message ${message.sequence} is no frame`);
  // Stopped before its function was called: there is nothing to replay.
  if (frame.value.events.some(({ type }) => type === "CancelRequested")) return message;
  const events = frame.value.events.slice(0, -1);
  if (events.length === 0) return emptied(message);
  return { ...message, data: encodeFrame({ ...frame.value, status: "running", events }) };
}

/** What came when the run no longer looked. */
function inputsAfterEnd({ frames, inbox }: StoredRun): readonly number[] {
  const folded = frames.at(-1)?.inboxFolded ?? 0;
  return inbox.flatMap(({ sequence, body }) =>
    sequence > folded && body.type !== "Wake" ? [sequence] : [],
  );
}

function valueIn(payload: Payload): unknown {
  return isPlain(payload) ? decodeValue(payload) : undefined;
}

function errorIn(payload: Payload): Error | undefined {
  return isPlain(payload) ? decodeError(payload) : undefined;
}

/** Something that nobody reads. */
function emptied(message: Stored): Stored {
  return { ...message, subject: "mr.test.0.none", data: new Uint8Array() };
}
