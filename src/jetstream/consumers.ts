import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError, SettingsMismatchError } from "../engine/usage-errors.ts";
import type { DeliveryKind } from "../ports/work-queue.ts";
import type { Subjects } from "../wire/subjects.ts";
import { jsRequest } from "./js-request.ts";
import { monotonicMs } from "./monotonic-ms.ts";

/** A queue's durable pull consumer of one kind, in one partition. */
export interface QueueConsumer {
  readonly stream: string;
  readonly name: string;
  readonly leaseMs: number;
  /** When it was made, as the broker writes it: one that was deleted and made again is another. */
  readonly created: string;
  /**
   * The broker's time when the consumer's memory was last known to be whole, in milliseconds. What was stored before
   * may have been handed out and acked, and the memory of it lost (a consumer made again, a broker killed).
   */
  readonly trustedSinceMs: number;
  /** What to add to `monotonicMs` to get the broker's time, in milliseconds: right to about a round trip. */
  readonly clockOffsetMs: number;
}

export const DEFAULT_LEASE_MS = 5_000;

/**
 * The consumer of a queue, made if it is missing. An existing one is checked and never re-targeted.
 * @throws {@link SettingsMismatchError} when it has another lease than was asked for, or is not Millrace's.
 */
export async function openConsumer(
  connection: NatsConnection,
  subjects: Subjects,
  place: { partition: number; kind: DeliveryKind; queue: string; leaseMs: number | undefined },
): Promise<QueueConsumer> {
  const stream = subjects.stream(place.partition);
  const name = `${place.kind}-${place.queue}`;
  const filter = subjects.queue(place.partition, place.kind, place.queue);
  const info =
    (await consumerInfo(connection, stream, name)) ??
    (await makeConsumer(connection, stream, name, filter, place.leaseMs ?? DEFAULT_LEASE_MS));
  const leaseMs = check(info, filter, place);
  const brokerNow = Date.parse(info.ts);
  const clockOffsetMs = brokerNow - monotonicMs();
  const { created } = info;
  return { stream, name, leaseMs, created, trustedSinceMs: brokerNow + 1, clockOffsetMs };
}

/** The part of a consumer's description that is used here. */
export interface ConsumerInfo {
  readonly ts: string;
  readonly created: string;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly config: {
    readonly filter_subject?: string;
    readonly ack_policy: string;
    readonly ack_wait: number;
    readonly max_deliver: number;
  };
}

export function consumerInfo(
  connection: NatsConnection,
  stream: string,
  name: string,
): Promise<ConsumerInfo | undefined> {
  return jsRequest<ConsumerInfo>(connection, `CONSUMER.INFO.${stream}.${name}`, undefined, [
    NO_CONSUMER,
  ]);
}

const NO_CONSUMER = 10_014;
const CONSUMER_EXISTS = 10_148;
const NANOSECONDS_PER_MS = 1_000_000;

async function makeConsumer(
  connection: NatsConnection,
  stream: string,
  name: string,
  filter: string,
  leaseMs: number,
): Promise<ConsumerInfo> {
  const config = {
    durable_name: name,
    name,
    filter_subject: filter,
    deliver_policy: "all",
    ack_policy: "explicit",
    ack_wait: leaseMs * NANOSECONDS_PER_MS,
    max_deliver: -1,
    max_ack_pending: 1_000_000,
    max_waiting: 4_096,
    replay_policy: "instant",
  };
  const made =
    (await jsRequest<ConsumerInfo>(
      connection,
      `CONSUMER.CREATE.${stream}.${name}.${filter}`,
      { stream_name: stream, config, action: "create" },
      [CONSUMER_EXISTS],
    )) ?? (await consumerInfo(connection, stream, name));
  if (made === undefined) throw new BrokerError(`Consumer ${name} vanished while it was made.`);
  return made;
}

function check(
  info: ConsumerInfo,
  filter: string,
  place: { kind: DeliveryKind; queue: string; leaseMs: number | undefined },
): number {
  const { config } = info;
  const leaseMs = config.ack_wait / NANOSECONDS_PER_MS;
  const differences: string[] = [];
  if (config.filter_subject !== filter) differences.push(`it reads ${config.filter_subject}`);
  if (config.ack_policy !== "explicit") differences.push(`its ack policy is ${config.ack_policy}`);
  if (config.max_deliver > 0) differences.push(`it delivers at most ${config.max_deliver} times`);
  if (place.leaseMs !== undefined && place.leaseMs !== leaseMs) {
    differences.push(`its lease is ${leaseMs} ms, asked for ${place.leaseMs} ms`);
  }
  if (differences.length === 0) return leaseMs;
  throw new SettingsMismatchError(
    `Queue ${place.queue} (${place.kind})`,
    differences,
    "Serve it without a lease option to take the queue's own, or change the consumer on purpose.",
  );
}
