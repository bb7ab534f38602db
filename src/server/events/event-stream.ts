import type { ServerResponse } from "node:http";
import type { Clock } from "../../ports/clock.ts";

/**
 * Server-sent events to one client (the WHATWG's `text/event-stream`). What is not read yet is bounded: `send` waits until
 * there is room, and a client that makes none for a while is cut off; it goes on from the last event that it has.
 */
export class EventStream {
  /** Aborts when the client is gone, was cut off, or the stream was ended. */
  readonly closed: AbortSignal;
  readonly #closed = new AbortController();
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #limits: StreamLimits;
  /** The position that the client has when it has read all that was sent. */
  #id: string | undefined;
  #sentId: string | undefined;
  #cancelBeat: () => void = () => undefined;
  #isFull = false;

  /** `headers` are those that every answer of the server has. */
  constructor(
    response: ServerResponse,
    headers: Readonly<Record<string, string | number | string[] | undefined>>,
    clock: Clock,
    limits: StreamLimits,
  ) {
    this.#response = response;
    this.#clock = clock;
    this.#limits = limits;
    this.closed = this.#closed.signal;
    response.once("close", () => this.#onClosed());
    response.on("error", () => this.#onClosed());
    const given = Object.entries(headers).filter(([, value]) => value !== undefined);
    response.writeHead(200, {
      ...(Object.fromEntries(given) as Record<string, string>),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // Proxies hold answers back that they think are short.
      "x-accel-buffering": "no",
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#beatLater();
    // A client that has left by now is not told of again.
    if (response.destroyed) this.#onClosed();
  }

  /** Sends events, each a JSON value with its id. Resolves when there is room for more, or nobody reads any more. */
  async send(events: readonly ServerSentEvent[]): Promise<void> {
    if (events.length === 0 || this.closed.aborted) return;
    const { id } = events.at(-1) ?? {};
    if (id !== undefined) this.#id = this.#sentId = id;
    if (this.#response.write(events.map(textOf).join(""))) return;
    await this.#drained();
  }

  /** The client has been told of everything up to here, though there was nothing to tell: it learns so by and by. */
  moveTo(id: string): void {
    this.#id = id;
  }

  /** Ends the stream in good order: the client asks again, from where it is. */
  end(): void {
    if (this.closed.aborted) return;
    this.#beat();
    this.#onClosed();
    this.#response.end();
  }

  #onClosed(): void {
    this.#cancelBeat();
    this.#closed.abort();
  }

  async #drained(): Promise<void> {
    this.#isFull = true;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        cancel();
        this.#response.off("drain", go);
        this.closed.removeEventListener("abort", go);
        resolve();
      };
      const cancel = this.#clock.after(this.#limits.slowMs, () => {
        this.#response.destroy();
        go();
      });
      this.#response.on("drain", go);
      this.closed.addEventListener("abort", go);
      if (this.closed.aborted) go();
    });
    this.#isFull = false;
  }

  #beatLater(): void {
    this.#cancelBeat = this.#clock.after(this.#limits.heartbeatMs, () => {
      if (!this.#isFull) this.#beat();
      this.#beatLater();
    });
  }

  /** An id without data is remembered by the client, and no event. */
  #beat(): void {
    const id = this.#id === this.#sentId ? "" : `id: ${this.#id}\n`;
    this.#sentId = this.#id;
    this.#response.write(`: heartbeat\n${id}\n`);
  }
}

export interface ServerSentEvent {
  readonly event: string;
  /** Where to go on after this one; without it the client stays where it was. */
  readonly id?: string;
  readonly data: object;
}

export interface StreamLimits {
  readonly heartbeatMs: number;
  /** A client that reads nothing for so long, with a full buffer, is cut off. */
  readonly slowMs: number;
}

/** How long a client waits before it connects again. */
const RETRY_MS = 2_000;

/** JSON has no line breaks, so one line of data does. */
function textOf({ event, id, data }: ServerSentEvent): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`;
}
