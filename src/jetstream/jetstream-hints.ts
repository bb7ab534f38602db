import type { NatsConnection } from "@nats-io/nats-core";
import type { Hints } from "../ports/broker.ts";
import type { Mux } from "./mux.ts";
import { send } from "./send.ts";

/** Hints as core messages. What is expected is bounded: the oldest expectation is forgotten first. */
export class JetStreamHints implements Hints {
  readonly #connection: NatsConnection;
  readonly #mux: Mux;
  readonly #expected = new Set<() => void>();
  readonly #onReconnect: (call: () => void) => () => void;

  constructor(connection: NatsConnection, mux: Mux, onReconnect: (call: () => void) => () => void) {
    this.#connection = connection;
    this.#mux = mux;
    this.#onReconnect = onReconnect;
  }

  expect(onHint: (data: Uint8Array) => void): { readonly replyTo: string; forget(): void } {
    const place = this.#mux.open((message) => {
      forget();
      onHint(message.data);
    });
    const forget = (): void => {
      place.close();
      this.#expected.delete(forget);
    };
    this.#expected.add(forget);
    if (this.#expected.size > MAX_EXPECTED) {
      const [oldest] = this.#expected;
      oldest?.();
    }
    return { replyTo: place.subject, forget };
  }

  send(replyTo: string, data: Uint8Array): void {
    // It came in a submission, and anybody can write one: only an inbox is a place for hints.
    if (!replyTo.startsWith("_INBOX.") || /[\s*>]/.test(replyTo)) return;
    send(this.#connection, replyTo, data);
  }

  onReconnect(call: () => void): () => void {
    return this.#onReconnect(call);
  }
}

const MAX_EXPECTED = 100_000;
