import type { EventPlace } from "../engine/event-address.ts";
import type { CommandKind, Outcome } from "../engine/journal.ts";
import type { StepId } from "../engine/step-id.ts";
import type { PlacedEvent } from "../history/resolve-address.ts";
import type { SourcePlace } from "../worker/user-place.ts";

/** Something that the flow asked for in a replay, and what its history says of it. */
export interface ReplayedCommand {
  readonly kind: CommandKind;
  readonly id: StepId;
  /** The signal's name (`receive`) or the other run's id (`child`, `outcome`); otherwise empty. */
  readonly topic: string;
  /** A cancellation does not reach it. */
  readonly shielded: boolean;
  /** The line of the user's code that asked, if it is known. Looked up when it is first read. */
  readonly place: SourcePlace | undefined;
  /** The event that the flow had been shown last when it asked. */
  readonly askedAfter: EventPlace;
  /** The events that are about it, in order: attempts, the timer that was set, its outcome. */
  readonly events: readonly PlacedEvent[];
  /** The event that brought what the flow was told. Nothing while it is open. */
  readonly answeredBy?: PlacedEvent;
  /** What the flow was told; with `answeredBy`. */
  readonly outcome?: Outcome;
}
