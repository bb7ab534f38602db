import type { EventPlace } from "../engine/event-address.ts";
import type { Mismatch } from "../engine/journal.ts";
import type { ParkReason } from "../engine/run-event.ts";
import type { SourcePlace } from "../worker/user-place.ts";
import type { ProbableChange } from "./probable-change.ts";

/** Where code and history part: what a worker with this code would park the run with. */
export interface ReplayParks {
  readonly reason: ParkReason;
  /** What the history holds, and what the flow asks for instead. */
  readonly mismatch: Mismatch;
  /** The event that the flow did not ask for; before the first one when the input cannot be read. */
  readonly at: EventPlace;
  /** The line of the user's code that stands there instead, if one is known. */
  readonly place?: SourcePlace;
  /** What was probably done to the code. */
  readonly hint?: ProbableChange;
}
