import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import type { DeliveryKind } from "../ports/work-queue.ts";
import { jsRequest } from "./js-request.ts";

/**
 * The queues' consumers of one stream. Others are passed over.
 * @throws {@link BrokerError} also when a cluster cannot tell of some of them now: what is left would pass for an empty queue.
 */
export async function listConsumers(
  connection: NatsConnection,
  stream: string,
): Promise<readonly ListedConsumer[]> {
  const listed: ConsumerState[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = { offset: listed.length };
    const found = await jsRequest<ConsumerPage>(connection, `CONSUMER.LIST.${stream}`, body);
    const consumers = found?.consumers ?? [];
    const [missing] = found?.missing ?? [];
    if (missing !== undefined) throw leaderless(stream, missing);
    listed.push(...consumers);
    if (consumers.length === 0 || listed.length >= (found?.total ?? 0)) break;
  }
  return listed.flatMap((state) => {
    const [, kind, place] = /^(new|in)-(.+)$/.exec(state.name) ?? [];
    return place === undefined ? [] : [{ ...state, kind: kind === "new" ? "new" : "in", place }];
  });
}

/** A queue's consumer of one kind, as the broker describes it. */
export interface ListedConsumer extends ConsumerState {
  readonly kind: DeliveryKind;
  /** The queue, or the place beside it where runs of a priority wait. */
  readonly place: string;
}

/** The part of a consumer's description that is looked at. */
export interface ConsumerState {
  readonly name: string;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly num_waiting: number;
  /** What was handed out last. */
  readonly delivered: { readonly stream_seq: number };
  readonly config: {
    readonly ack_policy: string;
    readonly ack_wait?: number;
    readonly max_deliver?: number;
  };
}

interface ConsumerPage {
  readonly total: number;
  /** Those whose servers did not answer the one that was asked, within 4 s. */
  readonly missing?: readonly string[] | null;
  readonly consumers?: readonly ConsumerState[];
}

function leaderless(stream: string, consumer: string): BrokerError {
  const what = `consumer ${consumer} of stream ${stream}, which may have no leader at this moment`;
  return new BrokerError(`The broker did not tell of ${what}. Ask again.`);
}

const MAX_PAGES = 64;
