import type { Logger } from "pino";
import type { AnyDefinition } from "../definition/definition.ts";
import type { EventAddress } from "../engine/event-address.ts";
import type { PlacedEvent } from "../history/resolve-address.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { ReplayedCommand } from "./replayed-command.ts";

/** How a run is replayed. */
export interface ReplayOptions {
  /** The code to replay the run with: today's, whatever the run was recorded with. */
  readonly definition: AnyDefinition;
  /** Opens what a codec wrapped or a blob store has. Default: only plain values can be read. */
  readonly payloads?: ReplayPayloads;
  /** The last event that the flow is shown. Default: the last one of the run. */
  readonly until?: EventAddress;
  /** Called before the flow is shown each event; the replay waits for it. */
  readonly onMoment?: (moment: ReplayMoment) => void | Promise<void>;
  /** What the flow logs goes here. Default: nowhere. */
  readonly log?: Logger;
  /**
   * Whether to say what was probably changed, if code and history part. The flow's code runs on for that, with what is recorded
   * later. Default: true.
   */
  readonly guess?: boolean;
  /** Whether to note which line of code asks for what: most of the time of a replay goes there. Default: true. */
  readonly places?: boolean;
  /** Whether to look for calls of time, chance and network in flow code. Default: true. */
  readonly warn?: boolean;
}

/** What opens payloads in a replay. */
export type ReplayPayloads = Pick<Payloads, "open" | "maxBytes">;

/** Where a replay stands. */
export interface ReplayMoment {
  /** The event that the flow is shown next. */
  readonly next: PlacedEvent;
  /** What the flow has asked for so far, in order. */
  readonly commands: readonly ReplayedCommand[];
  /** What `ctx.now()` says, in milliseconds since 1970. */
  readonly now: number;
}
