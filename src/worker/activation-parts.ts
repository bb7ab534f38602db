import type { Logger } from "pino";
import type { AnyDefinition } from "../definition/definition.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Stored } from "../ports/run-log.ts";
import type { AppendPlace } from "./append-frame.ts";
import type { DeterminismGuard } from "./determinism-guard.ts";
import type { Emitter } from "./emitter.ts";
import type { KeptMessage } from "./kept-message.ts";
import type { Slots } from "./slots.ts";
import type { StepCache } from "./step-cache.ts";

/** What an activation needs of its worker. */
export interface ActivationHost {
  readonly worker: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly payloads: Payloads;
  readonly log: Logger;
  readonly slots: Slots;
  readonly guard: DeterminismGuard;
  readonly cache: StepCache;
  readonly emitter: Emitter;
  /** How long a run that only waits stays in memory, in milliseconds. */
  readonly suspendAfterMs: number;
  /** Runs that only wait, the idlest first. */
  readonly idle: Set<IdleRun>;
  /** True when others may wait for what this run has: then it suspends as soon as it only waits. */
  holdsSlot(activation: HeldRun): boolean;
  /** `lost`: another worker has the run, and whatever came with it. */
  onLeave(activation: HeldRun, how: "left" | "lost"): void;
}

/** A run that can be given up without loss. */
export interface IdleRun {
  /** Gives the run up if it still only waits. */
  suspend(): void;
}

/** What a worker keeps of an activation. */
export interface HeldRun {
  readonly run: RunRef;
  /** True while somebody was told that this worker will look into the run's inbox, and it has not. */
  readonly isBehind: boolean;
}

export interface ActivationParts {
  readonly run: RunRef;
  readonly definition: AnyDefinition;
  readonly submission: Submission;
  readonly token: KeptMessage;
  readonly epoch: number;
  readonly place: AppendPlace;
  readonly inboxFolded: number;
  /** Sequence of the last frame that tells what the flow says of itself, 0 for none. */
  readonly annotated: number;
  /** Empty for a run that starts: nothing of it is recorded yet. */
  readonly history: readonly RunEvent[];
  /** The whole inbox; nothing for a run that is started unread, and reads it after its first frame. */
  readonly inbox: readonly Stored[] | undefined;
}
