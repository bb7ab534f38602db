import { get, type IncomingMessage } from "node:http";

/** One connection to a stream of server-sent events, read as a browser does. */
export class SseClient {
  readonly events: SseEvent[] = [];
  /** The id to go on with. */
  lastId: string | undefined;
  comments = 0;
  readonly status: number;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  readonly #response: IncomingMessage;
  readonly #onEvent: OnEvent;
  #rest = "";

  private constructor(response: IncomingMessage, onEvent: OnEvent) {
    this.#response = response;
    this.#onEvent = onEvent;
    this.status = response.statusCode ?? 0;
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#take(text));
    this.ended = new Promise((resolve) => {
      response.once("close", resolve);
      response.on("error", () => undefined);
    });
  }

  /** Resolves when the answer's head is there. Events that came with the head are told of before. */
  static open(
    url: string,
    lastId?: string,
    onEvent: OnEvent = () => undefined,
  ): Promise<SseClient> {
    const headers = lastId === undefined ? {} : { "last-event-id": lastId };
    return new Promise((resolve, reject) => {
      const request = get(url, { headers, agent: false }, (response) =>
        resolve(new SseClient(response, onEvent)),
      );
      request.once("error", reject);
    });
  }

  get type(): string {
    return this.#response.headers["content-type"] ?? "";
  }

  /** Reads nothing more for the time being. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** Breaks the connection. */
  drop(): void {
    this.#response.destroy();
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      // What came with it, and was not looked at, was not received.
      if (this.#response.destroyed) return;
      this.#read(block);
    }
  }

  #read(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      if (line.startsWith(":")) this.comments++;
      const at = line.indexOf(": ");
      if (at > 0) fields.set(line.slice(0, at), line.slice(at + 2));
    }
    const id = fields.get("id");
    if (id !== undefined) this.lastId = id;
    const data = fields.get("data");
    if (data === undefined) return;
    const event = { event: fields.get("event") ?? "message", id, data: JSON.parse(data) as Fields };
    this.events.push(event);
    this.#onEvent(event, this);
  }
}

type OnEvent = (event: SseEvent, client: SseClient) => void;

export interface SseEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Fields;
}

type Fields = Readonly<Record<string, unknown>>;
