import type { Clock } from "../../ports/clock.ts";
import { AddressGuard } from "./address-guard.ts";
import type { DeliveryMeans } from "./deliver-once.ts";
import { systemResolve } from "./delivery-target.ts";

/** What a worker may do for webhooks that its namespace cannot settle: whoever writes records there must not open its network. */
export interface WebhookServing {
  /**
   * Addresses and networks that deliveries may go to although they are not for everybody: `["127.0.0.1", "10.0.0.0/8"]`. Default: none.
   * Every worker that may deliver needs the same.
   */
  readonly allow?: readonly string[];
}

/** @throws {@link InvalidOptionError} */
export function deliveryMeans(options: WebhookServing, clock: Clock): DeliveryMeans {
  return { clock, guard: new AddressGuard(options.allow), resolve: systemResolve };
}
