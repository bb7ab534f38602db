import type { Wait } from "./wait.ts";

/** What a worker does with a run that it holds, as it says itself when it is asked. */
export interface RunActivity {
  /** Number of the activation. */
  readonly epoch: number;
  /**
   * `replaying`: it does again what the history holds. `going`: it goes on. `leaving`: the worker drains or gives the run up.
   */
  readonly phase: "replaying" | "going" | "leaving";
  /** The steps that execute, oldest first. The first few say enough. */
  readonly steps: readonly ExecutingStep[];
  /** What the flow waits for besides, in the order in which it asked. The first few say enough. */
  readonly waits: readonly Wait[];
  /** A step is to begin, and all of the worker's slots are taken. */
  readonly waitsForSlot: boolean;
  /** Attempts that the retry policies of steps allow that are under way, by step. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Take-overs without progress that its flow allows. */
  readonly crashLimit: number;
}

export interface ExecutingStep {
  readonly step: string;
  readonly attempt: number;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
}
