import type { Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";

/** What moving a run into the archive and back needs of a connection. */
export interface ArchiveHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly payloads: Payloads;
}
