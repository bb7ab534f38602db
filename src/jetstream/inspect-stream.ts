import type { NatsConnection } from "@nats-io/nats-core";
import { type DeadLetter, decodeDeadLetter } from "../wire/dead-letter-codec.ts";
import type { StreamReport, StreamSettings } from "./broker-report.ts";
import {
  capturedStreamConfig,
  eventsStreamConfig,
  ingressStreamConfig,
  publishedStreamConfig,
} from "./bus-streams.ts";
import { inspectQueues } from "./inspect-queues.ts";
import { readLastPerSubject } from "./last-per-subject.ts";
import { controlStreamConfig, streamConfig } from "./namespace.ts";
import type { NamespaceRecord } from "./namespace-record.ts";
import { streamInfo } from "./open-stream.ts";
import type { StreamConfig, StreamInfo } from "./stream-settings.ts";

/** One partition of a namespace. */
export async function inspectStream(
  connection: NatsConnection,
  namespace: string,
  place: {
    readonly partition: number;
    readonly record: NamespaceRecord;
    readonly info: StreamInfo;
  },
): Promise<StreamReport> {
  const { partition, record, info } = place;
  const { name, num_replicas: replicas } = info.config;
  const wanted = streamConfig(namespace, partition, record, replicas);
  const dead = `mr.${namespace}.${partition}.dead.*`;
  return {
    ...settingsOf(info, wanted),
    lost: info.state.last_seq - info.state.messages,
    ...(await openLetters(connection, name, dead)),
    queues: await inspectQueues(connection, name),
  };
}

/** The streams of a namespace beside its partitions. The last of them is made when it is first needed. */
export async function inspectOthers(
  connection: NatsConnection,
  namespace: string,
  replicas: number,
): Promise<readonly StreamSettings[]> {
  const captured = capturedStreamConfig(namespace, replicas, []);
  const wanted = [
    controlStreamConfig(namespace, replicas),
    publishedStreamConfig(namespace, replicas),
    ingressStreamConfig(namespace, replicas),
    eventsStreamConfig(namespace, replicas),
    captured,
  ];
  const found = await Promise.all(
    wanted.map(async (config) => {
      const info = await streamInfo(connection, config.name);
      if (info !== undefined) return settingsOf(info, config);
      return config === captured ? undefined : missingStream(config.name);
    }),
  );
  return found.filter((report) => report !== undefined);
}

/** What there is to say of a partition whose stream is gone. */
export function missingStream(name: string): StreamReport {
  return { ...NO_STREAM, name, differences: ["the stream is missing"] };
}

const NO_STREAM: StreamReport = {
  name: "",
  isMissing: true,
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
const DESCRIPTIVE: readonly string[] = ["description", "metadata"];
/** What somebody changes on purpose: for how long events are kept, and what is captured. */
const CHANGEABLE: Readonly<Record<string, readonly string[]>> = {
  events: ["max_age", "max_bytes", "duplicate_window"],
  captured: ["subjects", "max_age", "max_bytes", "duplicate_window"],
};

function settingsOf(info: StreamInfo, wanted: StreamConfig): StreamSettings {
  const { name, num_replicas: replicas } = info.config;
  const { messages, bytes } = info.state;
  return {
    name,
    isMissing: false,
    replicas,
    messages,
    bytes,
    lagging: (info.cluster?.replicas ?? [])
      .filter(({ current, offline }) => !current || offline === true)
      .map((peer) => peer.name),
    differences: differences(wanted, info.config),
  };
}

function differences(
  wanted: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): readonly string[] {
  const kind = String(wanted["name"]).split("_").at(-1) ?? "";
  const free = new Set([...DESCRIPTIVE, ...(CHANGEABLE[kind] ?? [])]);
  return Object.entries(wanted)
    .filter(([setting, value]) => !free.has(setting) && !includes(actual[setting], value))
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

async function openLetters(
  connection: NatsConnection,
  stream: string,
  filter: string,
): Promise<Pick<StreamReport, "deadLetters" | "newestDeadLetter">> {
  let deadLetters = 0;
  let newestDeadLetter: DeadLetter | undefined;
  let read = 0;
  for await (const { data } of readLastPerSubject(connection, stream, filter)) {
    const decoded = decodeDeadLetter(data);
    if (decoded.kind === "foreign") deadLetters++;
    else if (decoded.value.resolved === undefined) {
      deadLetters++;
      newestDeadLetter = decoded.value;
    }
    if (++read === MAX_LETTERS) break;
  }
  return { deadLetters, newestDeadLetter };
}

/** More than anybody looks through: a diagnosis is to take seconds. */
const MAX_LETTERS = 10_000;
