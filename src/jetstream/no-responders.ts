import { RequestError } from "@nats-io/nats-core";

/** True when the broker itself said that nobody listens on the subject of a request. */
export function isNoResponders(error: unknown): boolean {
  return error instanceof RequestError && error.isNoResponders();
}
