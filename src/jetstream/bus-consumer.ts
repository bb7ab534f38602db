import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import { jsRequest } from "./js-request.ts";

/** A durable consumer as it is wanted. */
export interface WantedConsumer {
  readonly stream: string;
  readonly name: string;
  readonly filters: readonly string[];
  readonly leaseMs: number;
  /** Where one begins that is made now: everything, what comes from now on, or what stands from this sequence or time on. */
  readonly start: "beginning" | "now" | number | { readonly time: number };
}

/** The part of a consumer's description that is used here. */
export interface BusConsumerInfo {
  readonly name: string;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  /** Nothing before the sequence after this one comes again. */
  readonly ack_floor: { readonly stream_seq: number };
  readonly config: {
    readonly filter_subject?: string;
    readonly filter_subjects?: readonly string[];
    readonly ack_wait?: number;
    readonly [setting: string]: unknown;
  };
}

/**
 * The consumer as the broker has it, made if it is missing. One with other filters or another lease is changed; where it
 * stands stays.
 * @throws {@link BrokerError} when the stream is missing, or refuses such a consumer.
 */
export async function openBusConsumer(
  connection: NatsConnection,
  wanted: WantedConsumer,
): Promise<BusConsumerInfo> {
  const { stream, name } = wanted;
  const found =
    (await consumerInfo(connection, stream, name)) ??
    (await save(connection, stream, "create", newConfig(wanted))) ??
    // Somebody else made one meanwhile, with other settings.
    (await consumerInfo(connection, stream, name));
  if (found === undefined) throw new BrokerError(`Consumer ${name} vanished while it was made.`);
  if (isAsWanted(found, wanted)) return found;
  const { filter_subject: _, ...rest } = found.config;
  const changed = { ...rest, filter_subjects: wanted.filters, ack_wait: nanoseconds(wanted) };
  return (await save(connection, stream, "update", changed)) ?? found;
}

/** What a consumer reads; everything when that is not said. */
export function filtersOf({ config }: BusConsumerInfo): readonly string[] {
  const { filter_subject: filter, filter_subjects: filters } = config;
  if (filters !== undefined && filters.length > 0) return filters;
  return filter === undefined || filter === "" ? [] : [filter];
}

/** All consumers of a stream. */
export async function listBusConsumers(
  connection: NatsConnection,
  stream: string,
): Promise<readonly BusConsumerInfo[]> {
  const listed: BusConsumerInfo[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const call = `CONSUMER.LIST.${stream}`;
    const found = await jsRequest<ConsumerPage>(connection, call, { offset: listed.length }, [
      NO_STREAM,
    ]);
    const consumers = found?.consumers ?? [];
    listed.push(...consumers);
    if (consumers.length === 0 || listed.length >= (found?.total ?? 0)) break;
  }
  return listed;
}

/** Removes a consumer, if it is there. */
export async function removeBusConsumer(
  connection: NatsConnection,
  stream: string,
  name: string,
): Promise<void> {
  const absent = [NO_CONSUMER, NO_STREAM];
  await jsRequest(connection, `CONSUMER.DELETE.${stream}.${name}`, undefined, absent);
}

interface ConsumerPage {
  readonly total: number;
  readonly consumers?: readonly BusConsumerInfo[];
}

const NO_CONSUMER = 10_014;
const NO_STREAM = 10_059;
const CONSUMER_EXISTS = 10_148;
const NANOSECONDS_PER_MS = 1_000_000;
const MAX_PAGES = 64;

function consumerInfo(
  connection: NatsConnection,
  stream: string,
  name: string,
): Promise<BusConsumerInfo | undefined> {
  const call = `CONSUMER.INFO.${stream}.${name}`;
  return jsRequest<BusConsumerInfo>(connection, call, undefined, [NO_CONSUMER]);
}

function save(
  connection: NatsConnection,
  stream: string,
  action: "create" | "update",
  config: Readonly<Record<string, unknown>> & { readonly name?: unknown },
): Promise<BusConsumerInfo | undefined> {
  const call = `CONSUMER.CREATE.${stream}.${String(config.name)}`;
  const body = { stream_name: stream, config, action };
  return jsRequest<BusConsumerInfo>(connection, call, body, [CONSUMER_EXISTS]);
}

function newConfig(wanted: WantedConsumer): Readonly<Record<string, unknown>> {
  const { name, filters, start } = wanted;
  return {
    durable_name: name,
    name,
    filter_subjects: filters,
    ...startConfig(start),
    ack_policy: "explicit",
    ack_wait: nanoseconds(wanted),
    max_deliver: -1,
    max_ack_pending: 1_000_000,
    max_waiting: 4_096,
    replay_policy: "instant",
  };
}

function startConfig(start: WantedConsumer["start"]): Readonly<Record<string, unknown>> {
  if (start === "beginning") return { deliver_policy: "all" };
  if (start === "now") return { deliver_policy: "new" };
  if (typeof start === "number") {
    return { deliver_policy: "by_start_sequence", opt_start_seq: start };
  }
  const time = new Date(start.time).toISOString();
  return { deliver_policy: "by_start_time", opt_start_time: time };
}

function isAsWanted(found: BusConsumerInfo, wanted: WantedConsumer): boolean {
  const [held, asked] = [filtersOf(found).toSorted(), wanted.filters.toSorted()];
  const isSame = held.length === asked.length && held.every((filter, at) => filter === asked[at]);
  return isSame && found.config.ack_wait === nanoseconds(wanted);
}

function nanoseconds({ leaseMs }: WantedConsumer): number {
  return leaseMs * NANOSECONDS_PER_MS;
}
