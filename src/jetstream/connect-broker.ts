import { setMaxListeners } from "node:events";
import { createInbox, type NatsConnection } from "@nats-io/nats-core";
import { ConnectionClosedError, type NamespaceChangedError } from "../engine/usage-errors.ts";
import type { Broker } from "../ports/broker.ts";
import { Subjects } from "../wire/subjects.ts";
import { AckRequests } from "./ack-requests.ts";
import { type DialOptions, dial } from "./dial.ts";
import { JetStreamBlobStore } from "./jetstream-blob-store.ts";
import { JetStreamBus } from "./jetstream-bus.ts";
import { JetStreamControlStore } from "./jetstream-control-store.ts";
import { JetStreamEventFeed } from "./jetstream-event-feed.ts";
import { JetStreamHints } from "./jetstream-hints.ts";
import { JetStreamPeers } from "./jetstream-leases.ts";
import { JetStreamQuestions } from "./jetstream-questions.ts";
import { JetStreamRunLog } from "./jetstream-run-log.ts";
import { JetStreamWorkQueues } from "./jetstream-work-queues.ts";
import { LeaderReads } from "./leader-reads.ts";
import { Mux } from "./mux.ts";
import { type NamespaceOptions, openNamespace } from "./namespace.ts";
import { NamespaceWatch } from "./namespace-watch.ts";
import { Publisher } from "./publisher.ts";
import { RunPlaces } from "./run-places.ts";
import { StreamReader } from "./stream-reader.ts";
import { writeTogether } from "./write-together.ts";

export interface BrokerOptions extends DialOptions, NamespaceOptions {
  readonly namespace: string;
  /** Told of what went wrong and is tried again by itself. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Connects to a NATS server and opens a namespace on it, making the namespace if it is missing. */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const connection = await dial(options, "client");
  writeTogether(connection);
  try {
    const { namespace } = options;
    const watch = new NamespaceWatch(connection, namespace);
    const { layers, replicas } = await openNamespace(connection, namespace, options);
    const dialBlobs = (): Promise<NatsConnection> => dial(dialOptions(options), "blobs");
    const blobs = new JetStreamBlobStore({ namespace, replicas, dial: dialBlobs });
    const subjects = new Subjects(namespace, layers);
    return assemble(connection, options, { subjects, blobs, replicas, watch });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function assemble(
  connection: NatsConnection,
  options: BrokerOptions,
  opened: {
    readonly subjects: Subjects;
    readonly blobs: JetStreamBlobStore;
    readonly replicas: number;
    readonly watch: NamespaceWatch;
  },
): Broker {
  const { subjects, blobs, replicas, watch } = opened;
  const mux = new Mux(connection, createInbox());
  const publisher = new Publisher(connection, mux, () => watch.look());
  const leader = new LeaderReads(connection, mux);
  const reader = new StreamReader(connection, mux, leader);
  const acks = new AckRequests(connection, mux);
  const places = new RunPlaces(subjects, reader);
  const log = new JetStreamRunLog({ connection, subjects, publisher, reader, places });
  const reconnects = new Set<() => void>();
  const onReconnect = (call: () => void): (() => void) => {
    reconnects.add(call);
    return () => reconnects.delete(call);
  };
  const onTrouble = options.onTrouble ?? (() => undefined);
  const ended = new AbortController();
  // Everybody who waits listens to it, however many they are.
  setMaxListeners(0, ended.signal);
  void watchConnection(connection, () => {
    // Their acks went to the connection that is gone.
    publisher.loseInFlight(new Error("The connection was lost"));
    acks.sendAgain();
    for (const call of reconnects) call();
    watch.look();
  });
  let changed: NamespaceChangedError | undefined;
  // Nothing that is done here could be right any more: whoever connects again knows where runs are.
  watch.start(subjects.layers, (error) => {
    changed = error;
    onTrouble(error);
    void connection.close();
  });
  void connection.closed().then(() => {
    const reason = changed ?? new ConnectionClosedError("a call to the broker");
    publisher.close(reason);
    leader.close();
    acks.close();
    ended.abort(reason);
  });
  const control = new JetStreamControlStore({
    connection,
    mux,
    subjects,
    publisher,
    reader,
    onReconnect,
  });
  const closed = ended.signal;
  return {
    log,
    queues: new JetStreamWorkQueues({ connection, subjects, log, places, onReconnect, onTrouble }),
    peers: new JetStreamPeers(connection, dialOptions(options), options.namespace),
    hints: new JetStreamHints(connection, mux, onReconnect),
    blobs,
    control,
    feed: new JetStreamEventFeed({
      connection,
      subjects,
      onReconnect,
      onTrouble,
      closed,
    }),
    questions: new JetStreamQuestions({ connection, mux, subjects, closed }),
    bus: new JetStreamBus({
      connection,
      namespace: options.namespace,
      replicas,
      mux,
      publisher,
      leader,
      control,
      acks,
      onReconnect,
      onTrouble,
      closed,
    }),
    closed,
    close: async () => {
      await blobs.close();
      await closeWithin(CLOSE_WITHIN_MS, connection, [publisher, acks]);
    },
  };
}

/** Without a broker nothing that is still on its way gets through: that is no reason to wait for ever. */
async function closeWithin(
  ms: number,
  connection: NatsConnection,
  senders: readonly { settled(): Promise<void> }[],
): Promise<void> {
  if (connection.isClosed()) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  // Draining fails when there is nobody to drain to.
  const sent = Promise.all(senders.map((sender) => sender.settled()))
    .then(() => connection.drain())
    .catch(() => undefined);
  await Promise.race([sent, late]);
  clearTimeout(timer);
  await connection.close();
}

const CLOSE_WITHIN_MS = 5_000;

/** What a thread can be given: plain data, no callbacks. */
function dialOptions(options: DialOptions): DialOptions {
  const given = DIAL_OPTIONS.filter((name) => options[name] !== undefined);
  return {
    servers: options.servers,
    ...Object.fromEntries(given.map((name) => [name, options[name]])),
  };
}

const DIAL_OPTIONS = [
  "user",
  "password",
  "token",
  "credentials",
  "tls",
  "name",
] as const satisfies readonly (keyof DialOptions)[];

async function watchConnection(connection: NatsConnection, reconnected: () => void): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "reconnect") reconnected();
  }
}
