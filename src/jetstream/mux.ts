import type { Msg, NatsConnection } from "@nats-io/nats-core";

/** One subscription for all answers: each caller gets a subject of its own below it, without a round trip. */
export class Mux {
  readonly #prefix: string;
  readonly #callers = new Map<string, (message: Msg) => void>();
  #last = 0;

  constructor(connection: NatsConnection, prefix: string) {
    this.#prefix = `${prefix}.`;
    connection.subscribe(`${this.#prefix}*`, {
      callback: (error, message) => {
        if (error === null)
          this.#callers.get(message.subject.slice(this.#prefix.length))?.(message);
      },
    });
  }

  /** A subject whose messages go to `onMessage` until `close`. */
  open(onMessage: (message: Msg) => void): { readonly subject: string; close(): void } {
    const id = (++this.#last).toString(36);
    this.#callers.set(id, onMessage);
    return { subject: this.#prefix + id, close: () => this.#callers.delete(id) };
  }
}
