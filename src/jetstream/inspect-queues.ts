import type { NatsConnection } from "@nats-io/nats-core";
import type { QueueReport } from "./broker-report.ts";
import { type ListedConsumer, listConsumers } from "./list-consumers.ts";

/** All queues of a stream, with the consumers of each. */
export async function inspectQueues(
  connection: NatsConnection,
  stream: string,
): Promise<readonly QueueReport[]> {
  return (await listConsumers(connection, stream)).map(queueOf);
}

function queueOf({ place, kind, config, ...state }: ListedConsumer): QueueReport {
  const wrong: string[] = [];
  if (config.ack_policy !== "explicit") wrong.push(`its ack policy is ${config.ack_policy}`);
  if ((config.max_deliver ?? -1) > 0) wrong.push(`it delivers at most ${config.max_deliver} times`);
  return {
    queue: place,
    kind,
    leaseMs: (config.ack_wait ?? 0) / 1_000_000,
    waiting: state.num_pending,
    handedOut: state.num_ack_pending,
    openPulls: state.num_waiting,
    wrong,
  };
}
