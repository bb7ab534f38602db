import type { NatsConnection } from "@nats-io/nats-core";
import type { Layers } from "../engine/partition.ts";
import { NamespaceChangedError } from "../engine/usage-errors.ts";
import { streamName } from "../wire/subjects.ts";
import { isBeingAdded, readLayers } from "./namespace-record.ts";
import { streamInfo } from "./open-stream.ts";

/**
 * Notices that partitions were added to a namespace after this connection was made: by what the broker tells of its streams,
 * and by a look whenever that may have been missed.
 */
export class NamespaceWatch {
  readonly #connection: NatsConnection;
  readonly #namespace: string;
  #known: Known | undefined;
  #isLooking = false;
  /** Something happened that nobody has looked at. */
  #isDue = false;

  /** Listens at once: before the namespace is read, so that nothing happens in between. */
  constructor(connection: NatsConnection, namespace: string) {
    this.#connection = connection;
    this.#namespace = namespace;
    const stream = streamName(namespace, 0);
    connection.subscribe(`$JS.EVENT.ADVISORY.STREAM.UPDATED.${stream}`, {
      callback: () => this.look(),
    });
  }

  /** From now on it tells, once, when the namespace has other layers than these. */
  start(layers: Layers, onChange: (error: NamespaceChangedError) => void): void {
    this.#known = { layers: layers.join("+"), onChange };
    if (this.#isDue) this.look();
  }

  /** Looks at what the namespace records; at most one look is under way. */
  look(): void {
    this.#isDue = true;
    if (this.#known === undefined || this.#isLooking) return;
    this.#isLooking = true;
    void this.#compare(this.#known).finally(() => {
      this.#isLooking = false;
      if (this.#isDue && !this.#connection.isClosed())
        setTimeout(() => this.look(), PAUSE_MS).unref();
    });
  }

  async #compare({ layers, onChange }: Known): Promise<void> {
    this.#isDue = false;
    const stream = streamName(this.#namespace, 0);
    try {
      const info = await streamInfo(this.#connection, stream);
      if (info === undefined || readLayers(info)?.join("+") === layers) return;
      this.#known = undefined;
      onChange(new NamespaceChangedError(this.#namespace, isBeingAdded(info) ? "adding" : "added"));
    } catch {
      this.#isDue = !this.#connection.isClosed(); // The broker did not answer: ask again.
    }
  }
}

interface Known {
  readonly layers: string;
  readonly onChange: (error: NamespaceChangedError) => void;
}

const PAUSE_MS = 500;
