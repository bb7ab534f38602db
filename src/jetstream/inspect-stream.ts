import type { NatsConnection } from "@nats-io/nats-core";
import { type DeadLetter, decodeDeadLetter } from "../wire/dead-letter-codec.ts";
import type { StreamReport } from "./broker-report.ts";
import { inspectQueues } from "./inspect-queues.ts";
import { jsRequest } from "./js-request.ts";
import { type StreamInfo, streamConfig } from "./namespace.ts";

/** One partition of a namespace. */
export async function inspectStream(
  connection: NatsConnection,
  namespace: string,
  place: { readonly partition: number; readonly partitions: number; readonly info: StreamInfo },
): Promise<StreamReport> {
  const { partition, partitions, info } = place;
  const { name, num_replicas: replicas } = info.config;
  const wanted = streamConfig(namespace, partition, partitions, replicas);
  const { messages, bytes, last_seq } = info.state;
  const dead = `mr.${namespace}.${partition}.dead.*`;
  return {
    name,
    replicas,
    messages,
    bytes,
    lost: last_seq - messages,
    lagging: (info.cluster?.replicas ?? [])
      .filter(({ current, offline }) => !current || offline === true)
      .map((peer) => peer.name),
    differences: differences(wanted, info.config),
    deadLetters: await countSubjects(connection, name, dead),
    newestDeadLetter: await newestLetter(connection, name, dead),
    queues: await inspectQueues(connection, name),
  };
}

/** What there is to say of a partition whose stream is gone. */
export function missingStream(name: string): StreamReport {
  return { ...NO_STREAM, name, differences: ["the stream is missing"] };
}

const NO_STREAM: StreamReport = {
  name: "",
  replicas: 0,
  messages: 0,
  bytes: 0,
  lost: 0,
  lagging: [],
  differences: [],
  deadLetters: 0,
  newestDeadLetter: undefined,
  queues: [],
};

/** Texts that say nothing about how the stream works. */
const DESCRIPTIVE = new Set(["description", "metadata"]);

function differences(
  wanted: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(wanted)
    .filter(([setting, value]) => !DESCRIPTIVE.has(setting) && !includes(actual[setting], value))
    .map(([setting, value]) => `${setting} is ${text(actual[setting])}, must be ${text(value)}`);
}

/** The server leaves settings out that have their zero value, and adds ones that nobody asked for. */
function includes(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) {
    return actual === undefined ? wanted === 0 || wanted === false : text(actual) === text(wanted);
  }
  if (typeof actual !== "object" || actual === null) return false;
  const parts = actual as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([key, value]) => includes(parts[key], value));
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? "not set";
}

async function countSubjects(
  connection: NatsConnection,
  stream: string,
  filter: string,
): Promise<number> {
  const body = { subjects_filter: filter };
  const info = await jsRequest<{
    readonly total?: number;
    readonly state: { readonly subjects?: object };
  }>(connection, `STREAM.INFO.${stream}`, body);
  return info?.total ?? Object.keys(info?.state.subjects ?? {}).length;
}

const NO_MESSAGE = 10_037;

async function newestLetter(
  connection: NatsConnection,
  stream: string,
  filter: string,
): Promise<DeadLetter | undefined> {
  const query = { last_by_subj: filter };
  const answer = await jsRequest<{ readonly message?: { readonly data?: string } }>(
    connection,
    `STREAM.MSG.GET.${stream}`,
    query,
    [NO_MESSAGE],
  );
  const decoded = decodeDeadLetter(Buffer.from(answer?.message?.data ?? "", "base64"));
  return decoded.kind === "ok" ? decoded.value : undefined;
}
