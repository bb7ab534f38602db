import type { NatsConnection } from "@nats-io/nats-core";
import type { QueueReport } from "./broker-report.ts";
import { jsRequest } from "./js-request.ts";

/** All queues of a stream, with the consumers of each. */
export async function inspectQueues(
  connection: NatsConnection,
  stream: string,
): Promise<readonly QueueReport[]> {
  const listed: ListedConsumer[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = { offset: listed.length };
    const found = await jsRequest<ConsumerPage>(connection, `CONSUMER.LIST.${stream}`, body);
    const consumers = found?.consumers ?? [];
    listed.push(...consumers);
    if (consumers.length === 0 || listed.length >= (found?.total ?? 0)) break;
  }
  return listed.filter(({ name }) => /^(?:new|in)-/.test(name)).map(queueOf);
}

interface ConsumerPage {
  readonly total: number;
  readonly consumers?: readonly ListedConsumer[];
}

interface ListedConsumer {
  readonly name: string;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly num_waiting: number;
  readonly config: {
    readonly ack_policy: string;
    readonly ack_wait?: number;
    readonly max_deliver?: number;
  };
}

const MAX_PAGES = 64;

function queueOf({ name, config, ...state }: ListedConsumer): QueueReport {
  const dash = name.indexOf("-");
  const wrong: string[] = [];
  if (config.ack_policy !== "explicit") wrong.push(`its ack policy is ${config.ack_policy}`);
  if ((config.max_deliver ?? -1) > 0) wrong.push(`it delivers at most ${config.max_deliver} times`);
  return {
    queue: name.slice(dash + 1),
    kind: name.startsWith("new") ? "new" : "in",
    leaseMs: (config.ack_wait ?? 0) / 1_000_000,
    waiting: state.num_pending,
    handedOut: state.num_ack_pending,
    openPulls: state.num_waiting,
    wrong,
  };
}
