import type { EventPlace } from "../engine/event-address.ts";
import type { RunId } from "../engine/run-id.ts";
import type { UnrepeatableCall } from "../worker/determinism-guard.ts";
import type { ReplayEnd } from "./replay-end.ts";
import type { ReplayParks } from "./replay-parks.ts";
import type { ReplayedCommand } from "./replayed-command.ts";

/** What became of a replay. */
export interface Replay {
  readonly run: RunId;
  /**
   * `fits`: the history and the code say the same. `parks`: a worker with this code would park the run. `differs`: the flow does
   * not end as is recorded.
   */
  readonly verdict: "fits" | "parks" | "differs";
  /** Where code and history part, if the verdict is `parks`. */
  readonly parks?: ReplayParks;
  /** How the ends differ, if the verdict is `differs`. */
  readonly differs?: EndsDiffer;
  /** What the flow asked for, in order. Those without `answeredBy` are open. */
  readonly commands: readonly ReplayedCommand[];
  /** How the flow's function ended, if it did. */
  readonly outcome?: ReplayEnd;
  /** What `ctx.patch` told the flow, in order. */
  readonly patches: readonly ReplayedPatch[];
  /** Calls in flow code that give another answer in each replay, one for each place. */
  readonly warnings: readonly UnrepeatableCall[];
  /** The event that the flow was shown last. */
  readonly shown: EventPlace;
  /** How many events the run has. */
  readonly events: number;
}

/** How a run ended, as it is recorded and as it ends now. */
export interface EndsDiffer {
  readonly recorded: string;
  readonly replayed: string;
}

/** A place where the code was changed, and the way that the flow was told to take. */
export interface ReplayedPatch {
  readonly patch: string;
  /** True where the flow was told to take the new way. */
  readonly isNew: boolean;
}
