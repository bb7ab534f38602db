/** What a projector does with a partition now. */
export interface ProjectorStatus {
  readonly partition: number;
  readonly state: ProjectorState;
  /** Last sequence that is in the view. */
  readonly sequence: number;
  /** Messages that are in the partition and not in the view, as far as is known. */
  readonly lagEvents: number;
  /** For how long the oldest of them has been stored, by this process's clock. */
  readonly lagSeconds: number;
  /** Messages that this projector folded in the last seconds, each second. */
  readonly eventsPerSecond: number;
  /** What went wrong last, until something goes well. */
  readonly lastError: string;
}

/**
 * - `starting`: nothing was read yet.
 * - `reading`: folds what comes.
 * - `standby`: another projector does; this one takes over when that stops.
 * - `retrying`: database or broker did not answer.
 * - `rebuilding`: another view is being built, which will take this one's place.
 * - `stopped`
 */
export type ProjectorState =
  | "starting"
  | "reading"
  | "standby"
  | "retrying"
  | "rebuilding"
  | "stopped";
