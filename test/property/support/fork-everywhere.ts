import { expect } from "vitest";
import type { Millrace } from "../../../src/client/millrace.ts";
import { readRecordedRun } from "../../../src/client/recorded-runs.ts";
import { RunNotForkableError } from "../../../src/engine/fork-errors.ts";
import { isClosed } from "../../../src/engine/frame.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import { parseRunId } from "../../../src/engine/run-id.ts";

/** Where forks are made and run. */
export interface ForkStage {
  readonly client: Millrace;
  /** Steps that were executed, by idempotency key. */
  readonly done: readonly string[];
  /** Lets the workers work until this is known. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Lets the workers go on for a while, and sends open runs what they may wait for. */
  turn(): Promise<void>;
}

/**
 * Forks a run after each of its events, and lets all forks run to their ends. Each ends, what is before its point is not
 * executed again, what it records after that was, and the run itself is the same as before, byte for byte. Gives how the
 * forks ended.
 */
export async function forkEverywhere(stage: ForkStage, origin: string): Promise<readonly Forked[]> {
  const before = await readRun(stage, origin);
  const forks: string[] = [];
  for (let event = 1; event <= before.events.length; event++) {
    const options = { from: event, key: `${parseRunId(origin).key}-at-${event}` };
    const handle = await stage
      .settle(stage.client.fork(origin, options))
      .catch((error: unknown) => unlessUnsubmitted(stage, before.events, error));
    if (handle !== undefined) forks.push(handle.id);
  }
  const ended: Forked[] = [];
  for (const id of forks) {
    let run = await readRun(stage, id);
    for (let turns = 0; !isClosed(run.status); turns++) {
      if (run.status === "parked" || turns > MOST_TURNS)
        throw new Error(`${id} does not end: ${text(run.events)}`);
      await stage.turn();
      run = await readRun(stage, id);
    }
    checkEffects(id, run.events, stage.done);
    const { flaws } = await stage.settle(stage.client.verify(id));
    expect({ id, flaws }).toEqual({ id, flaws: [] });
    ended.push({ id, events: run.events });
  }
  const after = await readRun(stage, origin);
  expect(after.bytes).toEqual(before.bytes);
  return ended;
}

export interface Forked {
  readonly id: string;
  readonly events: readonly RunEvent[];
}

const MOST_TURNS = 400;

interface ReadFork extends Forked {
  readonly status: string;
  readonly bytes: readonly string[];
}

async function readRun(stage: ForkStage, id: string): Promise<ReadFork> {
  const { client } = stage;
  const read = await stage.settle(readRecordedRun(client.host, parseRunId(id)));
  if (read === undefined) throw new Error(`There is no run ${id}`);
  const { submission, inbox, history } = read.stored;
  return {
    id,
    status: read.frames.at(-1)?.status ?? "pending",
    events: read.frames.flatMap(({ events }) => events),
    bytes: [submission, ...inbox, ...history].map(
      ({ subject, sequence, data }) =>
        `${sequence} ${subject} ${Buffer.from(data).toString("hex")}`,
    ),
  };
}

/** No step before the point is executed by the fork, and none after it is skipped. */
function checkEffects(id: string, events: readonly RunEvent[], done: readonly string[]): void {
  const point = events.findLastIndex(({ type }) => type === "Forked");
  // At the first place when there was nothing but an end: nobody had worked on the run.
  expect(point).toBeGreaterThanOrEqual(0);
  const own = new Set(
    done.filter((key) => key.startsWith(`${id}/`)).map((key) => key.slice(id.length + 1)),
  );
  const copied = outcomes(events.slice(0, point));
  expect(
    copied.filter((step) => own.has(step)),
    `${id} did again`,
  ).toEqual([]);
  const recorded = outcomes(events.slice(point)).filter((step) => DONE_BY_US.test(step));
  expect(
    recorded.filter((step) => !own.has(step)),
    `${id} left out`,
  ).toEqual([]);
}

/** Steps of the program; others are of the engine, or undo something. */
const DONE_BY_US = /(?:^|\/)(?:saga-[0-9a-f]{8}-)?[abc]#\d+$/;

function outcomes(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === "StepCompleted" || event.type === "StepFailed" ? [event.step] : [],
  );
}

/** A child may have been recorded by a worker that died before it was submitted, and then somebody ended the run. */
async function unlessUnsubmitted(
  stage: ForkStage,
  events: readonly RunEvent[],
  error: unknown,
): Promise<undefined> {
  if (!(error instanceof RunNotForkableError)) throw error;
  const children = events.flatMap((event) =>
    event.type === "ChildSubmitted" ? [event.runId] : [],
  );
  const stored = await Promise.all(
    children.map((id) => stage.settle(stage.client.broker.log.submission(parseRunId(id)))),
  );
  expect(stored).toContain(undefined);
  return undefined;
}

function text(events: readonly RunEvent[]): string {
  return events
    .map((event) => ("step" in event ? `${event.type} ${event.step}` : event.type))
    .join();
}
