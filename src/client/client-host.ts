import type { Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";

/** What the client's parts need of the connection. */
export interface ClientHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly payloads: Payloads;
}

/** How often what should have been told is looked up all the same: a lost notification delays by so much (I6). */
export const LOOK_AGAIN_MS = 10_000;
