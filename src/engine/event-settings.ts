import { RUN_STATUSES, type RunStatus } from "./run-status.ts";

/** What is told of runs, for a whole namespace. */
export interface EventSettings {
  /** The statuses that are told when a run enters them. None: nothing is told of runs at all. */
  readonly statuses: readonly RunStatus[];
}

/** Everything is told until somebody says otherwise. */
export const DEFAULT_EVENT_SETTINGS: EventSettings = Object.freeze({ statuses: RUN_STATUSES });
