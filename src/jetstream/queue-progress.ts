import type { NatsConnection } from "@nats-io/nats-core";
import type { QueueProgress } from "../ports/work-queue.ts";
import type { Subjects } from "../wire/subjects.ts";
import { listConsumers } from "./list-consumers.ts";

/** How far the queues' consumers of all partitions are: one question for each 256 of them. */
export async function readProgress(
  connection: NatsConnection,
  subjects: Subjects,
): Promise<readonly QueueProgress[]> {
  const found: QueueProgress[] = [];
  for (let partition = 0; partition < subjects.partitions; partition++) {
    for (const consumer of await listConsumers(connection, subjects.stream(partition))) {
      const { kind, place, num_pending, num_waiting, delivered } = consumer;
      found.push({
        partition,
        kind,
        place,
        waiting: num_pending,
        openPulls: num_waiting,
        handedOutUpTo: delivered.stream_seq,
      });
    }
  }
  return found;
}
