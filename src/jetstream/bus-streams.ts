import { DEFAULT_EVENT_RETENTION, type EventRetention } from "../ports/message-bus.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import type { StreamConfig, StreamInfo } from "./stream-settings.ts";

/** The names of a namespace's streams beside the log of runs. */
export function busStreamNames(namespace: string): BusStreamNames {
  return {
    published: `MR_${namespace}_published`,
    ingress: `MR_${namespace}_ingress`,
    events: `MR_${namespace}_events`,
    captured: `MR_${namespace}_captured`,
  };
}

export interface BusStreamNames {
  readonly published: string;
  readonly ingress: string;
  readonly events: string;
  readonly captured: string;
}

/**
 * What others published: kept until somebody has acked it, so that nothing is lost while no worker runs. Whoever may publish
 * here may only add: without schedules, rollups and times to live the broker refuses the headers that would remove messages, or
 * make others.
 */
export function publishedStreamConfig(namespace: string, replicas: number): StreamConfig {
  return {
    ...common(replicas),
    name: busStreamNames(namespace).published,
    description: `Millrace namespace ${namespace}: submissions, signals and cancellations that were published`,
    subjects: new BusSubjects(namespace).ofStreams.published,
    retention: "workqueue",
    max_bytes: -1,
    max_age: 0,
    allow_msg_schedules: false,
    allow_msg_ttl: false,
    allow_rollup_hdrs: false,
    // Single messages have to go: what nobody reads is set aside.
    deny_purge: true,
    duplicate_window: DUPLICATE_WINDOW_NS,
  };
}

/** What Millrace itself has to do: orders of schedules, fire times, dead letters. */
export function ingressStreamConfig(namespace: string, replicas: number): StreamConfig {
  return {
    ...common(replicas),
    name: busStreamNames(namespace).ingress,
    description: `Millrace namespace ${namespace}: fire times of schedules, and what was set aside`,
    subjects: new BusSubjects(namespace).ofStreams.ingress,
    retention: "workqueue",
    max_bytes: -1,
    max_age: 0,
    allow_msg_schedules: true,
    // nats-server wants both for streams with schedules (2.15.1).
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
    duplicate_window: DUPLICATE_WINDOW_NS,
  };
}

/** What is told of. Its retention is the user's to change. */
export function eventsStreamConfig(namespace: string, replicas: number): StreamConfig {
  return {
    ...common(replicas),
    name: busStreamNames(namespace).events,
    description: `Millrace namespace ${namespace}: events`,
    subjects: new BusSubjects(namespace).ofStreams.events,
    retention: "limits",
    ...retentionConfig(DEFAULT_EVENT_RETENTION),
  };
}

/** Messages of other subjects that a trigger reads, for a day. */
export function capturedStreamConfig(
  namespace: string,
  replicas: number,
  subjects: readonly string[],
): StreamConfig {
  return {
    ...common(replicas),
    name: busStreamNames(namespace).captured,
    description: `Millrace namespace ${namespace}: messages on subjects that triggers read`,
    subjects,
    retention: "limits",
    max_bytes: -1,
    max_age: CAPTURED_FOR_NS,
    duplicate_window: DUPLICATE_WINDOW_NS,
  };
}

/** A retention as settings of a stream. The broker refuses to remember an id for longer than its message. */
export function retentionConfig({ maxAgeMs, maxBytes }: EventRetention): {
  readonly max_age: number;
  readonly max_bytes: number;
  readonly duplicate_window: number;
} {
  const age = maxAgeMs * NANOSECONDS_PER_MS;
  return {
    max_age: age,
    max_bytes: maxBytes === 0 ? -1 : maxBytes,
    duplicate_window: age === 0 ? DUPLICATE_WINDOW_NS : Math.min(age, DUPLICATE_WINDOW_NS),
  };
}

/** The other way. */
export function retentionOf(config: StreamInfo["config"]): EventRetention {
  const { max_age: age = 0, max_bytes: bytes = 0 } = config;
  return { maxAgeMs: age / NANOSECONDS_PER_MS, maxBytes: Math.max(0, bytes) };
}

const NANOSECONDS_PER_MS = 1_000_000;
const DUPLICATE_WINDOW_NS = 120_000 * NANOSECONDS_PER_MS;
const CAPTURED_FOR_NS = 86_400_000 * NANOSECONDS_PER_MS;

function common(replicas: number): Readonly<Record<string, unknown>> {
  return {
    storage: "file",
    discard: "old",
    num_replicas: replicas,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    allow_direct: true,
    metadata: { "millrace.format": "1" },
  };
}
