import {
  DrainingConnectionError,
  type NatsConnection,
  type Payload,
  type PublishOptions,
} from "@nats-io/nats-core";

/**
 * Publishes what nobody confirms: a request, an ack, a hint. A connection that closes takes nothing more, at an instant
 * that cannot be asked for beforehand; without a connection all of these come to nothing anyway.
 */
export function send(
  connection: NatsConnection,
  subject: string,
  data: Payload,
  options?: PublishOptions,
): void {
  if (connection.isClosed()) return;
  try {
    connection.publish(subject, data, options);
  } catch (error) {
    if (!(error instanceof DrainingConnectionError)) throw error;
  }
}
