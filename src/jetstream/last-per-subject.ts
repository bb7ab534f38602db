import { createInbox, type Msg, type NatsConnection } from "@nats-io/nats-core";
import { BrokerError, ConnectionClosedError } from "../engine/usage-errors.ts";
import { readAckSubject } from "./ack-subject.ts";
import { jsRequest } from "./js-request.ts";

/**
 * The last message of every subject that one of the filters matches, in the order in which they were stored: through a consumer
 * that is made for this and removed afterwards. What is in memory is bounded by one request's messages. In a cluster any of the
 * stream's servers may have it, so the newest messages may be missing.
 */
export async function* readLastPerSubject(
  connection: NatsConnection,
  stream: string,
  ...filters: readonly string[]
): AsyncIterable<LastMessage> {
  const made = await makeConsumer(connection, stream, filters);
  try {
    for (let left = made.num_pending; left > 0; ) {
      const messages = await pull(connection, stream, made.name, Math.min(left, BATCH));
      left -= messages.length;
      yield* messages;
    }
  } finally {
    // Without an answer the broker removes it by itself when nobody has read it for a while.
    if (!connection.isClosed() && !connection.isDraining()) {
      await jsRequest(connection, `CONSUMER.DELETE.${stream}.${made.name}`, undefined, [
        NO_CONSUMER,
      ]).catch(() => undefined);
    }
  }
}

/** A message with its place in its stream. */
export interface LastMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** Messages may be as large as the server allows: this many of them are in memory at once. */
const BATCH = 100;
const EXPIRES_MS = 5_000;
const NO_CONSUMER = 10_014;
const NANOSECONDS_PER_MS = 1_000_000;
/** Longer than a reader takes for one batch; then the broker removes a consumer that was left behind. */
const INACTIVE_MS = 300_000;

interface MadeConsumer {
  readonly name: string;
  /** How many subjects there are. */
  readonly num_pending: number;
}

async function makeConsumer(
  connection: NatsConnection,
  stream: string,
  filters: readonly string[],
): Promise<MadeConsumer> {
  const config = {
    filter_subjects: filters,
    deliver_policy: "last_per_subject",
    ack_policy: "none",
    replay_policy: "instant",
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: INACTIVE_MS * NANOSECONDS_PER_MS,
  };
  const made = await jsRequest<MadeConsumer>(connection, `CONSUMER.CREATE.${stream}`, {
    stream_name: stream,
    config,
  });
  if (made === undefined) throw new BrokerError(`No consumer of ${stream} could be made.`);
  return made;
}

/** Exactly so many messages: they are there already. @throws {@link BrokerError} when they do not come. */
async function pull(
  connection: NatsConnection,
  stream: string,
  consumer: string,
  count: number,
): Promise<readonly LastMessage[]> {
  const messages: LastMessage[] = [];
  const inbox = createInbox();
  await new Promise<void>((resolve, reject) => {
    const end = (error?: Error): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      if (error === undefined) resolve();
      else reject(error);
    };
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        const found = error === null ? stored(message) : undefined;
        if (found === undefined) return end(refused(message));
        messages.push(found);
        if (messages.length === count) end();
      },
    });
    const timer = setTimeout(() => {
      const isClosed = connection.isClosed() || connection.isDraining();
      end(isClosed ? new ConnectionClosedError("a listing of runs") : refused(undefined));
    }, EXPIRES_MS + 1_000);
    const request = JSON.stringify({ batch: count, expires: EXPIRES_MS * NANOSECONDS_PER_MS });
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    connection.publish(subject, request, { reply: inbox });
  });
  return messages;
}

function stored({ subject, data, reply }: Msg): LastMessage | undefined {
  // Only messages of the stream carry a reply.
  const ack = reply ? readAckSubject(reply) : undefined;
  return ack === undefined ? undefined : { subject, sequence: ack.sequence, data };
}

function refused(answer: Msg | undefined): BrokerError {
  const status = answer?.headers?.description ?? "no answer came";
  return new BrokerError(`A listing of runs broke off: ${status}. Start it again.`);
}
