/**
 * What follows from a run's end (I5): its parent and whoever else waits for it is told, and the children that are not to
 * outlive it are asked to stop. All of it is published after the closing frame, again by whoever finds that frame with its
 * token unacked, and folded once: the ids of these inputs are made of the run's id and epoch.
 */
import { isClosed, type RecordedFrame } from "../engine/frame.ts";
import type { InputBody, PlainInput } from "../engine/input.ts";
import { parseRunId, type RunRef } from "../engine/run-id.ts";
import { outcomeOf, type RunOutcome } from "../engine/run-outcome.ts";
import { type ChildState, foldFrames } from "../engine/run-state.ts";
import type { Submission } from "../engine/submission.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Stored } from "../ports/run-log.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { ownChild } from "./own-child.ts";
import { putInput } from "./put-input.ts";
import { readSubmission } from "./read-submission.ts";
import { readHead, readSureHead } from "./run-head.ts";
import { readHistory } from "./run-history.ts";

/** Who is to hear that a run has closed. */
export interface ClosedRun {
  readonly run: RunRef;
  readonly epoch: number;
  readonly outcome: RunOutcome;
  /** Runs that wait for it, with the queue of their inbox. */
  readonly waiters: readonly Waiter[];
  /** Children that are not to outlive it. */
  readonly orphans: readonly Orphan[];
}

export interface Waiter {
  readonly runId: string;
  readonly queue: string;
}

export type Orphan = Pick<ChildState, "id" | "runId" | "queue">;

/** Publishes what follows. @throws {@link BrokerError} when some of it is not confirmed: do it again. */
export async function tellClosed(host: TellHost, closed: ClosedRun): Promise<void> {
  const { run, epoch, outcome, waiters, orphans } = closed;
  const told: PlainInput = { type: "RunClosed", runId: run.id, outcome };
  const stop: PlainInput = { type: "Cancel", reason: `its parent ${run.id} has ${outcome.status}` };
  await Promise.all([
    ...waiters.map(({ runId, queue }) =>
      putInput(host, parseRunId(runId), queue, told, `closed/${run.id}/${epoch}`),
    ),
    ...orphans.map(async (orphan) => {
      const own = await ownChild(host.broker.log, run.id, orphan);
      if (own === undefined) return;
      await putInput(host, own.run, own.queue, stop, `orphan/${run.id}/${epoch}`);
    }),
  ]);
}

/**
 * The same for a run of which only the id is known. Nothing happens when it has not ended. For a run that asks late, `askedBy`
 * names it: it is told, and of the others only those that are open.
 */
export async function tellIfClosed(
  host: TellHost,
  run: RunRef,
  { queue, askedBy }: { readonly queue?: string; readonly askedBy?: string } = {},
): Promise<void> {
  const { log } = host.broker;
  const { frame } = await readSureHead(log, run);
  const outcome = frame === undefined ? undefined : outcomeOf(frame.events);
  if (frame === undefined || outcome === undefined || !isClosed(frame.status)) return;
  const [submission, inbox, { frames }] = await Promise.all([
    readSubmission(log, run, frame.queue),
    log.inbox(run, queue ?? frame.queue, 0),
    readHistory(log, run, frame.sequence),
  ]);
  if (askedBy !== undefined && submission !== undefined) {
    return tellWhoWaits(host, run, { submission, frames, inbox }, askedBy);
  }
  const children = ownChildren(submission, frames);
  const { epoch } = frame;
  const waiters = waitersOf(submission, inputsIn(inbox));
  await tellClosed(host, { run, epoch, outcome, waiters, orphans: orphansOf(children, outcome) });
}

/**
 * The same for a run that ended long ago, by what was read of it: only who has not ended itself is told, and who asks for it. It
 * need not be known whether it was told before.
 */
export async function tellWhoWaits(
  host: TellHost,
  run: RunRef,
  read: {
    readonly submission: Pick<Submission, "parent" | "imported">;
    readonly frames: readonly RecordedFrame[];
    readonly inbox: readonly Stored[];
  },
  askedBy?: string,
): Promise<void> {
  const last = read.frames.at(-1);
  const outcome = last === undefined ? undefined : outcomeOf(last.events);
  if (last === undefined || outcome === undefined) return;
  const { log } = host.broker;
  const isOpen = async ({ runId }: { readonly runId: string }): Promise<boolean> => {
    if (runId === askedBy) return true;
    const { frame } = await readHead(log, parseRunId(runId));
    return frame === undefined || !isClosed(frame.status);
  };
  const children = ownChildren(read.submission, read.frames);
  const waiters = await only(waitersOf(read.submission, inputsIn(read.inbox)), isOpen);
  const orphans = await only(orphansOf(children, outcome), isOpen);
  await tellClosed(host, { run, epoch: last.epoch, outcome, waiters, orphans });
}

/** Those of an imported run are in the namespace where it was recorded: what has their ids here is not its own. */
function ownChildren(
  submission: Pick<Submission, "imported"> | undefined,
  frames: readonly RecordedFrame[],
): readonly ChildState[] {
  if (submission?.imported !== undefined) return [];
  return [...(foldFrames(frames)?.children.values() ?? [])];
}

/** Those of whom it is true. One question after the other: a run may have thousands of children. */
async function only<T>(all: readonly T[], isSo: (one: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (const one of all) if (await isSo(one)) kept.push(one);
  return kept;
}

function inputsIn(inbox: readonly Stored[]): readonly InputBody[] {
  return inbox.flatMap(({ data }) => {
    const decoded = decodeInput(data);
    return decoded.kind === "ok" ? [decoded.value.body] : [];
  });
}

export interface TellHost {
  readonly broker: Broker;
  readonly clock: Clock;
}

/** The parent, and every run that asked to be told. */
export function waitersOf(
  submission: Pick<Submission, "parent" | "imported"> | undefined,
  inputs: Iterable<{ readonly type: string }>,
): readonly Waiter[] {
  const waiters = new Map<string, Waiter>();
  const parent = submission?.imported === undefined ? submission?.parent : undefined;
  if (parent !== undefined) waiters.set(parent.runId, parent);
  for (const input of inputs) {
    if (isWatch(input)) waiters.set(input.runId, input);
  }
  return [...waiters.values()].filter(({ runId }) => isRunId(runId));
}

/** The children that are open and are to stop with their parent. */
export function orphansOf(children: readonly ChildState[], outcome: RunOutcome): readonly Orphan[] {
  return children.filter(
    ({ closed, onParentClose }) =>
      !closed &&
      (onParentClose === "cancel" || (onParentClose === "" && outcome.status === "cancelled")),
  );
}

function isWatch(input: { readonly type: string }): input is Waiter & { readonly type: "Watch" } {
  return input.type === "Watch";
}

/** Anybody can write to an inbox. */
function isRunId(id: string): boolean {
  try {
    return parseRunId(id).id === id;
  } catch {
    return false;
  }
}
