import type { Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Lookout } from "./lookout.ts";
import type { PriorityMarks } from "./priority-marks.ts";

/** What the client's parts need of the connection. */
export interface ClientHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly priorities: PriorityMarks;
  readonly payloads: Payloads;
  readonly lookout: Lookout;
}
