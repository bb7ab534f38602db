import type { NatsConnection } from "@nats-io/nats-core";
import { placeFor, queueOfPlace, siblingsOf } from "../engine/priority.ts";
import type { Stored } from "../ports/run-log.ts";
import type { PlaceInLine, QueueBacklog } from "../ports/work-queue.ts";
import type { Subjects } from "../wire/subjects.ts";
import { jsRequest } from "./js-request.ts";
import { type ConsumerState, type ListedConsumer, listConsumers } from "./list-consumers.ts";

/** What stands in the queues of all partitions: one question for each, and one for each place where something waits. */
export async function readBacklogs(
  connection: NatsConnection,
  subjects: Subjects,
): Promise<readonly QueueBacklog[]> {
  const backlogs = new Map<string, QueueBacklog>();
  for (let partition = 0; partition < subjects.partitions; partition++) {
    for (const consumer of await listConsumers(connection, subjects.stream(partition))) {
      const { queue } = queueOfPlace(consumer.place);
      const oldestAt = await oldestOf(connection, subjects, partition, consumer);
      backlogs.set(queue, added(backlogs.get(queue), queue, consumer, oldestAt));
    }
  }
  return [...backlogs.values()];
}

/** Where a submission stands among those of its queue and partition. */
export async function readPlace(
  connection: NatsConnection,
  subjects: Subjects,
  { subject, partition, sequence }: Stored,
): Promise<PlaceInLine | undefined> {
  const stream = subjects.stream(partition);
  const own = subjects.placeOf(subject);
  const { queue } = queueOfPlace(own);
  let before = 0;
  for (const place of [own, ...others(queue, own)]) {
    const consumer = await jsRequest<ConsumerState>(
      connection,
      `CONSUMER.INFO.${stream}.new-${place}`,
      undefined,
      [NO_CONSUMER],
    );
    if (consumer === undefined && place === own) return undefined;
    if (consumer === undefined) continue;
    if (place === own && consumer.delivered.stream_seq >= sequence) return { handedOut: true };
    if (consumer.num_pending === 0) continue;
    const filter = subjects.queue(partition, "new", place);
    const from = Math.max(sequence, consumer.delivered.stream_seq + 1);
    const after = await countFrom(connection, stream, filter, from);
    before += Math.max(0, consumer.num_pending - after);
  }
  return { handedOut: false, before };
}

function others(queue: string, own: string): readonly string[] {
  return [placeFor(queue, "normal"), ...siblingsOf(queue)].filter((place) => place !== own);
}

function added(
  before: QueueBacklog | undefined,
  queue: string,
  { kind, num_pending, num_ack_pending, config }: ListedConsumer,
  oldestAt: number | undefined,
): QueueBacklog {
  const { waiting = 0, inputs = 0, handedOut = 0 } = before ?? {};
  const leaseMs = (config.ack_wait ?? 0) / NS_PER_MS;
  const oldest = Math.min(before?.oldestAt ?? Infinity, oldestAt ?? Infinity);
  return {
    queue,
    waiting: waiting + (kind === "new" ? num_pending : 0),
    oldestAt: oldest === Infinity ? undefined : oldest,
    inputs: inputs + (kind === "in" ? num_pending : 0),
    handedOut: handedOut + num_ack_pending,
    leaseMs: Math.min(before?.leaseMs ?? leaseMs, leaseMs),
  };
}

/** When the first message was stored that the consumer has not handed out: it is the next one after what it handed out last. */
async function oldestOf(
  connection: NatsConnection,
  subjects: Subjects,
  partition: number,
  { kind, place, num_pending, delivered }: ListedConsumer,
): Promise<number | undefined> {
  if (kind !== "new" || num_pending === 0) return undefined;
  const query = {
    seq: delivered.stream_seq + 1,
    next_by_subj: subjects.queue(partition, kind, place),
  };
  const call = `STREAM.MSG.GET.${subjects.stream(partition)}`;
  const found = await jsRequest<MessageAnswer>(connection, call, query, [NO_MESSAGE]);
  const time = Date.parse(found?.message?.time ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** How many messages there are from a sequence on: what a consumer would have to hand out that begins there. */
async function countFrom(
  connection: NatsConnection,
  stream: string,
  filter: string,
  sequence: number,
): Promise<number> {
  const config = {
    deliver_policy: "by_start_sequence",
    opt_start_seq: sequence,
    ack_policy: "none",
    filter_subject: filter,
    mem_storage: true,
    num_replicas: 1,
    // It goes by itself if it cannot be removed.
    inactive_threshold: 5_000 * NS_PER_MS,
  };
  const body = { stream_name: stream, config };
  const made = await jsRequest<ConsumerState>(connection, `CONSUMER.CREATE.${stream}`, body);
  if (made === undefined) return 0;
  await jsRequest(connection, `CONSUMER.DELETE.${stream}.${made.name}`, undefined, [NO_CONSUMER]);
  return made.num_pending;
}

interface MessageAnswer {
  readonly message?: { readonly time?: string };
}

const NS_PER_MS = 1_000_000;
const NO_MESSAGE = 10_037;
const NO_CONSUMER = 10_014;
