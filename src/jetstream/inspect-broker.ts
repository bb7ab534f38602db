/**
 * Reads what `millrace doctor` judges: the server, the account's limits, the namespace's streams and consumers, the
 * clocks, and how long a write takes. Reads only, but for the probe: a stream of its own, removed again.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { partitionCount } from "../engine/partition.ts";
import { streamName } from "../wire/subjects.ts";
import type { BrokerReport, NamespaceReport, StreamReport } from "./broker-report.ts";
import { type DialOptions, dial } from "./dial.ts";
import { inspectOthers, inspectStream, missingStream } from "./inspect-stream.ts";
import { jsRequest } from "./js-request.ts";
import { measureClock } from "./measure-clock.ts";
import { measureWrites } from "./measure-writes.ts";
import { isBeingAdded, readLayers } from "./namespace-record.ts";
import { streamInfo } from "./open-stream.ts";

/**
 * Connects, looks, and disconnects.
 * @throws {@link BrokerError} when no server answers.
 */
export async function inspectBroker(options: InspectOptions): Promise<BrokerReport> {
  const connection = await dial(options, "doctor");
  try {
    const server = serverOf(connection);
    if (!server.jetStream) return { server, ...NOTHING_MORE };
    const namespace = await namespaceOf(connection, options.namespace);
    const replicas = namespace?.streams[0]?.replicas ?? 1;
    return {
      server: { ...server, roundTripMs: await connection.rtt() },
      account: await accountOf(connection),
      clock: await measureClock(connection, namespace?.streams[0]?.name),
      namespace,
      writes: options.probe ? await measureWrites(connection, replicas) : undefined,
    };
  } finally {
    await connection.close();
  }
}

/** True when the namespace is there. Connects, looks, and disconnects; makes nothing. */
export async function namespaceExists(
  options: DialOptions & { readonly namespace: string },
): Promise<boolean> {
  const connection = await dial(options, "client");
  try {
    return (await streamInfo(connection, streamName(options.namespace, 0))) !== undefined;
  } finally {
    await connection.close();
  }
}

export interface InspectOptions extends DialOptions {
  readonly namespace: string;
  /** Write to a stream that is made for it, to see how long an acknowledged write takes. */
  readonly probe: boolean;
}

const NOTHING_MORE = {
  account: undefined,
  clock: undefined,
  namespace: undefined,
  writes: undefined,
};

function serverOf(connection: NatsConnection): BrokerReport["server"] {
  const info = connection.info;
  return {
    url: connection.getServer(),
    name: info?.server_name ?? "",
    version: info?.version ?? "",
    cluster: info?.cluster ?? "",
    jetStream: info?.jetstream === true,
    maxPayloadBytes: info?.max_payload ?? 0,
    roundTripMs: undefined,
  };
}

interface AccountInfo {
  readonly storage: number;
  readonly streams: number;
  readonly consumers: number;
  readonly limits: {
    readonly max_storage: number;
    readonly max_streams: number;
    readonly max_consumers: number;
  };
}

async function accountOf(connection: NatsConnection): Promise<BrokerReport["account"]> {
  const info = await jsRequest<AccountInfo>(connection, "INFO", undefined);
  if (info === undefined) return undefined;
  const { storage, streams, consumers, limits } = info;
  return {
    storage: { used: storage, limit: limits.max_storage },
    streams: { used: streams, limit: limits.max_streams },
    consumers: { used: consumers, limit: limits.max_consumers },
  };
}

async function namespaceOf(
  connection: NatsConnection,
  namespace: string,
): Promise<NamespaceReport | undefined> {
  const first = await streamInfo(connection, streamName(namespace, 0));
  if (first === undefined) return undefined;
  const recorded = readLayers(first);
  const record = { layers: recorded ?? [1], isBeingAdded: isBeingAdded(first) };
  const partitions = partitionCount(record.layers);
  const streams: StreamReport[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const name = streamName(namespace, partition);
    const info = partition === 0 ? first : await streamInfo(connection, name);
    if (info === undefined) streams.push(missingStream(name));
    else streams.push(await inspectStream(connection, namespace, { partition, record, info }));
  }
  const others = await inspectOthers(connection, namespace, first.config.num_replicas);
  return { partitions, ...record, isMillrace: recorded !== undefined, streams, others };
}
