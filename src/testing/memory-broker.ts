import { type Clock, systemClock } from "../ports/clock.ts";
import type { Stored } from "../ports/run-log.ts";
import type { MemoryBlobStore } from "./memory-blob-store.ts";
import { MemoryConnection } from "./memory-connection.ts";
import type { MemoryFaults } from "./memory-faults.ts";
import { MemoryStore } from "./memory-store.ts";

/**
 * A broker in this process's memory that keeps the promises of the real one, for tests of flows without a server. Open a
 * connection for each process that a test is about, and give it to `new Millrace(…)` and `serve(…)`.
 */
export class MemoryBroker {
  readonly clock: Clock;
  readonly #store: MemoryStore;

  constructor(options: MemoryBrokerOptions = {}) {
    const { clock, namespace, partitions, maxMessageBytes, latencyMs } = {
      ...MEMORY_DEFAULTS,
      ...options,
    };
    this.clock = clock;
    this.#store = new MemoryStore({ clock, namespace, partitions, maxMessageBytes, latencyMs });
  }

  /** A connection of its own, as another process would have. */
  connect(): MemoryConnection {
    return new MemoryConnection(this.#store);
  }

  /** Where large payloads go, unless a connection was given another store. */
  get blobs(): MemoryBlobStore {
    return this.#store.blobs;
  }

  /** What goes wrong from now on. */
  inject(faults: MemoryFaults): void {
    this.#store.faults = faults;
  }

  /** Ends every lease now although the workers live: each message that is handed out is handed out again. */
  lapseLeases(): void {
    this.#store.lapseLeases();
  }

  /** Forgets a queue's acks, as when its consumers are deleted and made again: the whole log is handed out anew. */
  forgetAcks(queue: string): void {
    this.#store.forgetAcks(queue);
  }

  /** The messages in served queues that nobody has acked, whether or not they are handed out now. */
  unacked(): readonly Stored[] {
    return this.#store.unacked();
  }

  /** Everything that is stored, partition after partition, in order. */
  messages(): readonly Stored[] {
    return this.#store.streams.flatMap(({ messages }) => messages);
  }

  /** Makes a stream as a user has one beside Millrace's. @throws {@link BrokerError} when another holds such subjects. */
  addStream(name: string, subjects: readonly string[]): void {
    this.#store.bus.add({ name, subjects });
  }

  /**
   * Publishes as any client of the broker can, and gives the sequence in the stream that holds the subject; nothing when none
   * does.
   */
  publish(
    subject: string,
    data: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): number | undefined {
    const { bus } = this.#store;
    if (bus.streamHolding(subject) === undefined) return undefined;
    const named = Object.entries(headers).map(
      ([name, value]) => [name.toLowerCase(), [value]] as const,
    );
    const told = new Map<string, readonly string[]>(named);
    const id = told.get("nats-msg-id")?.[0];
    return bus.store({ subject, data, headers: told, id })?.sequence;
  }

  /** Stores any bytes on any subject of the namespace, as somebody could who does not know the protocol. */
  store(subject: string, data: Uint8Array): void {
    this.#store.store(subject, data);
  }
}

export interface MemoryBrokerOptions {
  /** Default: the machine's clock. Give a `ManualClock` to drive time by hand. */
  readonly clock?: Clock;
  /** Default `test`. */
  readonly namespace?: string;
  /** Default 1. */
  readonly partitions?: number;
  /** How long a message is under way, in milliseconds, asked for each one. Default: it arrives at once. */
  readonly latencyMs?: () => number;
  /** Default 1 MiB. */
  readonly maxMessageBytes?: number;
}

const MEMORY_DEFAULTS = Object.freeze({
  clock: systemClock,
  namespace: "test",
  partitions: 1,
  maxMessageBytes: 1_048_576,
  latencyMs: undefined,
});
