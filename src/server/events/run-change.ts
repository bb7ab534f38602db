import { isActive, isClosed, type RecordedFrame } from "../../engine/frame.ts";
import type { Layers } from "../../engine/partition.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../../engine/run-status.ts";
import type { Submission } from "../../engine/submission.ts";
import type { FedMessage } from "../../ports/event-feed.ts";
import { readFact } from "../../projections/run-fact.ts";

/** A run's status as it became, or may have: what a list of runs needs to stay up to date. */
export interface RunChange {
  readonly id: string;
  readonly flow: string;
  readonly key: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly closed: boolean;
  readonly epoch: number;
  /** The worker that holds it. */
  readonly worker?: string;
  /** When it happened, by the clock of whoever wrote it. */
  readonly at: string;
  /** What a suspended run waits for. */
  readonly waits?: readonly string[];
  /** Of a submission. */
  readonly parent?: string;
  readonly tags?: readonly string[];
  /** Stream sequence of the message that says so. */
  readonly sequence: number;
}

/**
 * The change that a message tells of, by the message alone: every server tells the same ones, whatever it has seen before.
 * Nothing for a frame of which the status cannot be another one than before.
 */
export function changeOf(message: FedMessage, layers: Layers): RunChange | undefined {
  const fact = readFact(message, layers);
  if (fact === undefined || fact.kind === "input") return undefined;
  const { run, sequence } = fact;
  const names = { id: run.id, flow: run.flow, key: run.key, sequence };
  return fact.kind === "submission"
    ? { ...names, ...submitted(fact.submission) }
    : mayChangeStatus(fact.frame)
      ? { ...names, ...written(fact.frame) }
      : undefined;
}

function submitted(submission: Submission): Omit<RunChange, "id" | "flow" | "key" | "sequence"> {
  const { queue, submittedAt, parent, tags } = submission;
  return {
    queue,
    status: statusBeforeStart(submission, submittedAt),
    closed: false,
    epoch: 0,
    at: isoOf(submittedAt),
    ...(parent === undefined ? {} : { parent: parent.runId }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

function written(frame: RecordedFrame): Omit<RunChange, "id" | "flow" | "key" | "sequence"> {
  const { queue, status, epoch, writer, events } = frame;
  const isWaiting = status === "suspended" || status === "scheduled";
  const suspended = isWaiting ? events.findLast((event) => event.type === "Suspended") : undefined;
  return {
    queue,
    status: runStatus(status),
    closed: isClosed(status),
    epoch,
    at: isoOf(events.at(-1)?.at ?? 0),
    ...(isActive(status) ? { worker: writer } : {}),
    ...(suspended === undefined ? {} : { waits: suspended.waits }),
  };
}

function mayChangeStatus({ prev, status, events }: RecordedFrame): boolean {
  // The run is put into the archive as it is.
  if (events.some(({ type }) => type === "Archived")) return false;
  return prev === 0 || status === "awaiting-retry" || events.some(isChange);
}

function isChange(event: RunEvent): boolean {
  switch (event.type) {
    case "Activated":
    case "Suspended":
    case "Released":
    case "CancelRequested":
    case "Parked":
    case "Resumed":
    case "Completed":
    case "Failed":
    case "Crashed":
    case "Cancelled":
      return true;
    case "StepStarted":
    case "StepCompleted":
    case "StepFailed":
      return event.attempt > 1; // It waited for this attempt, maybe with nothing else going on.
    default:
      return false;
  }
}

/** What stands in a message may be no time at all. */
function isoOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
