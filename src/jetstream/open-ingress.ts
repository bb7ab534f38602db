import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import { ingressStreamConfig, publishedStreamConfig } from "./bus-streams.ts";
import { jsRequest } from "./js-request.ts";
import { makeStream, openStream, streamInfo } from "./open-stream.ts";
import type { StreamInfo } from "./stream-settings.ts";

/**
 * Opens the two streams of the ingress. In namespaces that are older one stream held both, and the broker never takes the
 * permission for schedules back from a stream: so what others publish gets a new one, and the old one keeps the rest, with all
 * that stands in it. Nothing is moved; workers read what was published there until it is gone.
 * @throws {@link BrokerError} when the broker refuses.
 */
export async function openIngress(
  connection: NatsConnection,
  namespace: string,
  replicas: number,
): Promise<void> {
  const found = await openStream(connection, ingressStreamConfig(namespace, replicas));
  const subjects = new BusSubjects(namespace).ofStreams.ingress;
  const ingress = await giveUpOthers(connection, found, subjects);
  const published = publishedStreamConfig(namespace, replicas);
  if ((await streamInfo(connection, published.name)) !== undefined) return;
  // Runs are named after sequences: no number may come twice. Nothing is published in the old one any more.
  await makeStream(connection, { ...published, first_seq: ingress.state.last_seq + 1 });
}

async function giveUpOthers(
  connection: NatsConnection,
  found: StreamInfo,
  subjects: readonly string[],
): Promise<StreamInfo> {
  const { name, subjects: held } = found.config;
  if (held?.every((subject) => subjects.includes(subject)) === true) return found;
  const changed = { ...found.config, subjects };
  const narrow = await jsRequest<StreamInfo>(connection, `STREAM.UPDATE.${name}`, changed);
  if (narrow !== undefined) return narrow;
  throw new BrokerError(`Stream ${name} vanished while its subjects were changed.`);
}
