import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import { jsRequest } from "./js-request.ts";
import type { StreamConfig, StreamInfo } from "./stream-settings.ts";

/** The stream of this name, made if it is missing. @throws {@link BrokerError} when the broker refuses. */
export async function openStream(
  connection: NatsConnection,
  config: StreamConfig,
): Promise<StreamInfo> {
  return (await streamInfo(connection, config.name)) ?? (await makeStream(connection, config));
}

/** What there is of a stream; nothing when it is missing. */
export function streamInfo(
  connection: NatsConnection,
  stream: string,
): Promise<StreamInfo | undefined> {
  return jsRequest<StreamInfo>(connection, `STREAM.INFO.${stream}`, undefined, [NO_STREAM]);
}

/** Makes a stream, unless somebody else has made it meanwhile. @throws {@link BrokerError} when the broker refuses. */
export async function makeStream(
  connection: NatsConnection,
  config: StreamConfig,
): Promise<StreamInfo> {
  const { name } = config;
  const made =
    (await jsRequest<StreamInfo>(connection, `STREAM.CREATE.${name}`, config, [
      STREAM_NAME_IN_USE,
    ])) ?? (await streamInfo(connection, name));
  if (made === undefined) throw new BrokerError(`Stream ${name} vanished while it was made.`);
  return made;
}

const NO_STREAM = 10_059;
const STREAM_NAME_IN_USE = 10_058;
