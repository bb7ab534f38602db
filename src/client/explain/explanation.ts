import type { ParkReason } from "../../engine/run-event.ts";
import type { RunId } from "../../engine/run-id.ts";
import type { RunStatus } from "../../engine/run-status.ts";
import type { WorkerStatus } from "../../engine/worker-presence.ts";

/** Why a run is where it is, and what to do: told apart by `reason`, which is stable. */
export type Explanation = {
  readonly [Reason in ExplainReason]: ExplanationOf<Reason>;
}[ExplainReason];

export interface ExplanationOf<Reason extends ExplainReason> extends Verdict<Reason> {
  readonly run: RunId;
  /** Nothing when there is no such run. */
  readonly status: RunStatus | undefined;
}

/** What was found out about a run. */
export interface Verdict<Reason extends ExplainReason = ExplainReason> {
  readonly reason: Reason;
  /** One sentence for people. */
  readonly sentence: string;
  /** What to do, for people; or that there is nothing to do. */
  readonly next: string;
  /** Since when it is so, as far as that is known. */
  readonly since: Date | undefined;
  /** What the sentence says, for programs. */
  readonly facts: ExplanationFacts[Reason];
}

export type AnyVerdict = { readonly [Reason in ExplainReason]: Verdict<Reason> }[ExplainReason];

export type ExplainReason = keyof ExplanationFacts;

/** The facts that come with each reason. */
export interface ExplanationFacts extends ParkedReasons {
  readonly "not-found": NoFacts;
  // It has ended.
  readonly completed: NoFacts;
  readonly failed: { readonly error: ErrorFact | undefined; readonly step: string };
  readonly crashed: { readonly crashes: number };
  readonly cancelled: { readonly why: string };
  // Nobody has it, and somebody is to take it up.
  readonly scheduled: { readonly startAt: Date };
  readonly "nobody-serves-queue": {
    readonly queue: string;
    readonly lastWorker: SeenWorker | undefined;
  };
  readonly "flow-unknown": {
    readonly queue: string;
    readonly flow: string;
    readonly workers: readonly string[];
  };
  readonly "queue-paused": { readonly queue: string };
  readonly "queue-limit": {
    readonly queue: string;
    readonly limit: number;
    readonly holders: readonly HolderFact[];
  };
  readonly "queue-rate": {
    readonly queue: string;
    readonly limit: number;
    readonly perMs: number;
    readonly until: Date;
  };
  readonly "key-limit": { readonly waitsFor: string; readonly holders: readonly string[] };
  readonly backlog: {
    readonly queue: string;
    readonly before: number;
    readonly workers: readonly string[];
    /** Runs that these workers execute, and may execute. */
    readonly running: number;
    readonly concurrency: number;
  };
  readonly "taking-up": { readonly queue: string; readonly workers: readonly string[] };
  readonly "input-not-folded": { readonly queue: string; readonly inputs: readonly string[] };
  readonly "wake-up-overdue": { readonly queue: string; readonly dueAt: Date };
  // It waits for something that it asked for; a worker may hold it meanwhile.
  readonly sleeping: { readonly timer: string; readonly until: Date | undefined } & Held;
  readonly retrying: {
    readonly step: string;
    /** Attempts that failed, and that are allowed if that is known. */
    readonly failed: number;
    readonly attempts: number | undefined;
    readonly retryAt: Date | undefined;
    readonly error: ErrorFact | undefined;
  } & Held;
  readonly "waiting-for-signal": {
    readonly signals: readonly { readonly name: string; readonly until: Date | undefined }[];
  } & Held;
  readonly "waiting-for-children": { readonly children: readonly string[] } & Held;
  readonly "waiting-for-run": { readonly runs: readonly string[] } & Held;
  readonly "waiting-for-something": { readonly waits: readonly string[] } & Held;
  // A worker holds it.
  readonly executing: { readonly worker: string; readonly steps: readonly StepFact[] };
  readonly crashing: {
    readonly worker: string;
    readonly crashes: number;
    readonly limit: number | undefined;
    readonly steps: readonly StepFact[];
  };
  readonly cancelling: {
    readonly worker: string;
    readonly why: string;
    /** False while its worker has not taken the request in. */
    readonly taken: boolean;
    readonly steps: readonly (StepFact & { readonly startedBefore: boolean })[];
  };
  readonly replaying: { readonly worker: string };
  readonly "waiting-for-worker": {
    readonly worker: string;
    readonly concurrency: number | undefined;
  };
  readonly "flow-code": { readonly worker: string };
  readonly "worker-blocked": {
    readonly worker: string;
    readonly seenAt: Date | undefined;
    readonly steps: readonly StepFact[];
  };
  readonly "worker-silent": { readonly worker: string; readonly seenAt: Date | undefined };
  readonly leaving: { readonly worker: string };
  readonly "holder-gone": {
    readonly worker: string;
    readonly seenAt: Date | undefined;
    readonly crashes: number;
    readonly takenOverBy: Date;
  };
}

type ParkedReasons = { readonly [Reason in ParkReason as `parked-${Reason}`]: ParkedFacts };

export interface ParkedFacts {
  readonly expected: string;
  readonly asked: string;
  readonly step: string;
}

type NoFacts = Readonly<Record<string, never>>;

interface Held {
  /** The worker that has it in memory while it waits; empty for a suspended run. */
  readonly worker: string;
}

export interface ErrorFact {
  readonly name: string;
  readonly message: string;
}

export interface StepFact {
  readonly step: string;
  readonly attempt: number;
  readonly since: Date;
}

export interface HolderFact {
  readonly run: string;
  readonly worker: string;
  readonly since: Date;
}

export interface SeenWorker {
  readonly id: string;
  readonly status: WorkerStatus;
  readonly seenAt: Date;
}
