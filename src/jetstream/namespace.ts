import type { NatsConnection } from "@nats-io/nats-core";
import { type Layers, partitionCount } from "../engine/partition.ts";
import {
  InvalidOptionError,
  NamespaceChangedError,
  SettingsMismatchError,
} from "../engine/usage-errors.ts";
import {
  controlStreamName,
  controlSubjects,
  gateOf,
  liveSubject,
  streamName,
} from "../wire/subjects.ts";
import { eventsStreamConfig } from "./bus-streams.ts";
import { isBeingAdded, layersOf, type NamespaceRecord, recordOf } from "./namespace-record.ts";
import { openIngress } from "./open-ingress.ts";
import { makeStream, openStream, streamInfo } from "./open-stream.ts";
import type { StreamConfig, StreamInfo } from "./stream-settings.ts";

/** What a namespace's streams are made with. */
export interface NamespaceOptions {
  /** Copies of each stream in the cluster: 1, 3 or 5. Default 1. */
  readonly replicas?: number;
  /** Streams that new runs are spread over. More are added by `millrace namespace add-partitions`. Default 1. */
  readonly partitions?: number;
}

/**
 * Opens a namespace, making it first if it is missing. An existing one is compared and never changed.
 * @throws {@link SettingsMismatchError} when options are given that it does not have, {@link NamespaceChangedError} while
 * partitions are being added to it.
 */
export async function openNamespace(
  connection: NatsConnection,
  namespace: string,
  options: NamespaceOptions,
): Promise<{ readonly layers: Layers; readonly replicas: number }> {
  const { partitions } = options;
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions > 0)) {
    throw new InvalidOptionError("partitions", partitions, "give a whole number from 1");
  }
  const made: NamespaceRecord = { layers: [partitions ?? 1], isBeingAdded: false };
  const first =
    (await streamInfo(connection, streamName(namespace, 0))) ??
    (await makeStream(connection, streamConfig(namespace, 0, made, options.replicas ?? 1)));
  if (isBeingAdded(first)) throw new NamespaceChangedError(namespace, "adding");
  const layers = layersOf(first, namespace);
  compare(namespace, first, layers, options);
  const replicas = replicasOf(first);
  const found: NamespaceRecord = { layers, isBeingAdded: false };
  for (let partition = 1; partition < partitionCount(layers); partition++) {
    // Somebody may have died while making them: partition 0 says how many there are, and with what.
    const stream = await streamInfo(connection, streamName(namespace, partition));
    if (stream !== undefined) continue;
    await makeStream(connection, streamConfig(namespace, partition, found, replicas));
  }
  // A namespace may be older than these streams.
  await Promise.all([
    openStream(connection, controlStreamConfig(namespace, replicas)),
    openStream(connection, eventsStreamConfig(namespace, replicas)),
    openIngress(connection, namespace, replicas),
  ]);
  return { layers, replicas };
}

/** The settings that the protocol depends on: `doctor` compares a stream with them. */
export function streamConfig(
  namespace: string,
  partition: number,
  record: NamespaceRecord,
  replicas: number,
): StreamConfig {
  const stored = `mr.${namespace}.${partition}.>`;
  const gate = gateOf(record.layers);
  const partitions = partitionCount(record.layers);
  return {
    name: streamName(namespace, partition),
    description: `Millrace namespace ${namespace}, partition ${partition} of ${partitions}`,
    subjects: [gate === undefined ? stored : `mr.${namespace}.${gate}.${partition}.>`],
    // Of any gate: wake-ups that were ordered through a former one are still to come.
    ...(gate === undefined
      ? {}
      : { subject_transform: { src: `mr.${namespace}.*.${partition}.>`, dest: stored } }),
    retention: "limits",
    storage: "file",
    // Without limits nothing is ever discarded; nats-server refuses "new" beside schedules (2.15.1, error 10052).
    discard: "old",
    num_replicas: replicas,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: -1,
    allow_direct: true,
    allow_msg_schedules: true,
    allow_msg_ttl: true,
    // nats-server turns it on by itself for streams with schedules (2.15.1).
    allow_rollup_hdrs: true,
    duplicate_window: 100_000_000,
    republish: { src: stored, dest: liveSubject(stored) },
    metadata: { ...recordOf(record), "millrace.format": "1" },
  };
}

/** One message a record, the last one; they may expire. */
export function controlStreamConfig(namespace: string, replicas: number): StreamConfig {
  const subjects = controlSubjects(namespace);
  return {
    name: controlStreamName(namespace),
    description: `Millrace namespace ${namespace}: queue settings, slots, cached outcomes`,
    subjects: [subjects],
    retention: "limits",
    storage: "file",
    discard: "old",
    num_replicas: replicas,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: 1,
    allow_direct: true,
    allow_msg_ttl: true,
    duplicate_window: 100_000_000,
    republish: { src: subjects, dest: liveSubject(subjects) },
    metadata: { "millrace.format": "1" },
  };
}

function replicasOf(stream: StreamInfo): number {
  return stream.config.num_replicas;
}

function compare(
  namespace: string,
  stream: StreamInfo,
  layers: Layers,
  options: NamespaceOptions,
): void {
  const differences: string[] = [];
  // What new runs are spread over.
  const partitions = layers.at(-1);
  const wanted = options.partitions ?? partitions;
  if (wanted !== partitions) differences.push(`partitions is ${partitions}, asked for ${wanted}`);
  const replicas = options.replicas ?? stream.config.num_replicas;
  if (replicas !== stream.config.num_replicas) {
    differences.push(`replicas is ${stream.config.num_replicas}, asked for ${replicas}`);
  }
  if (differences.length === 0) return;
  throw new SettingsMismatchError(
    `Namespace ${namespace}`,
    differences,
    "Connect without these options, or use another namespace.",
  );
}
