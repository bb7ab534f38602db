import { NO_ANNOTATIONS } from "../engine/annotations.ts";
import type { RunId } from "../engine/run-id.ts";
import { foldFrames, type RunState } from "../engine/run-state.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../engine/run-status.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import {
  type Divergence,
  diffFacts,
  type FactDifference,
  type OrderDifference,
} from "./fact-diff.ts";
import { payloadValue } from "./payload-value.ts";
import { factsOf } from "./run-facts.ts";
import { type RunTimings, type TimingRow, timingRows, timingsOf } from "./run-timings.ts";
import { type SharedPast, sharedPast } from "./shared-past.ts";
import { diffValues, type ValueDiff } from "./value-diff.ts";

/** How two runs compare. */
export interface RunDiff {
  readonly a: RunSide;
  readonly b: RunSide;
  /**
   * True when both were given, did and gave the same. What belongs to the moment does not count: times, workers, take-overs,
   * attempts, and the order in which things settled that went on at once.
   */
  readonly isSame: boolean;
  /** What one has from the other, or both from a third run. */
  readonly shared: SharedPast | undefined;
  /** What they were given: `$.input…`, `$.tags[0]`, `$.metadata.team`, `$.attributes.customer`. */
  readonly submission: ValueDiff;
  readonly divergence: Divergence | undefined;
  /** All that their flows did or were told and that is not the same. */
  readonly differences: readonly FactDifference[];
  readonly order: OrderDifference | undefined;
  /** What the flows say of themselves at last: `$.exposed.stage`, `$.tags[0]`, `$.attributes.paid`, `$.progress.done`. */
  readonly told: ValueDiff;
  /** Steps, timers and children side by side. */
  readonly timings: readonly TimingRow[];
}

/** One of two runs that are compared. */
export interface RunSide {
  readonly id: RunId;
  readonly status: RunStatus;
  /** How many events it has. */
  readonly events: number;
  readonly submittedAt: number;
  readonly timings: RunTimings;
  /** Workers that held it, in order, each once. */
  readonly workers: readonly string[];
  readonly activations: number;
  /** Activations after the death of a worker. */
  readonly takeOvers: number;
  /** The versions of the flow that it was held under, in order; without those that name none. */
  readonly versions: readonly string[];
  readonly patches: readonly string[];
  /** Attempts of steps that failed. */
  readonly failedAttempts: number;
}

/**
 * Compares two runs: two of one flow, a run and its fork, or any. Pure. What is in a blob store or behind a codec is compared by
 * its bytes; {@link openedRun} opens it first.
 */
export function diff(a: RecordedRun, b: RecordedRun): RunDiff {
  const [stateA, stateB] = [foldFrames(a.frames), foldFrames(b.frames)];
  const [sideA, sideB] = [sideOf(a, stateA), sideOf(b, stateB)];
  const submission = diffValues(givenTo(a), givenTo(b));
  const told = diffValues(toldBy(stateA), toldBy(stateB));
  const { divergence, differences, order } = diffFacts(factsOf(a), factsOf(b));
  const shared = sharedPast(a, b);
  return {
    a: sideA,
    b: sideB,
    isSame: differences.length === 0 && isNothing(submission) && isNothing(told),
    shared,
    submission,
    divergence,
    differences,
    order,
    told,
    timings: timingRows(a, b, shared?.events ?? 0),
  };
}

function isNothing({ differences, isCut }: ValueDiff): boolean {
  return differences.length === 0 && !isCut;
}

function givenTo({ submission }: RecordedRun): object {
  const { input, tags, metadata, attributes, queue } = submission;
  return { input: payloadValue(input), tags, metadata, attributes, queue };
}

function toldBy(state: RunState | undefined): object {
  const { exposed, ...rest } = state?.annotations ?? NO_ANNOTATIONS;
  const values = Object.entries(exposed).map(([name, value]) => [name, payloadValue(value)]);
  return { ...rest, exposed: Object.fromEntries(values) };
}

function sideOf(run: RecordedRun, state: RunState | undefined): RunSide {
  const { submission, frames } = run;
  const events = frames.flatMap((frame) => frame.events);
  const activated = events.flatMap((event) => (event.type === "Activated" ? [event] : []));
  const before = statusBeforeStart(submission, submission.submittedAt);
  return {
    id: submission.runId,
    status: state === undefined ? before : runStatus(state.status),
    events: events.length,
    submittedAt: submission.submittedAt,
    timings: timingsOf(run),
    workers: [...new Set(activated.map(({ worker }) => worker))],
    activations: activated.length,
    takeOvers: state?.takeOvers ?? 0,
    versions: [...new Set(activated.map(({ version }) => version))].filter((text) => text !== ""),
    patches: state?.patches ?? [],
    failedAttempts: events.filter(({ type }) => type === "StepAttemptFailed").length,
  };
}
