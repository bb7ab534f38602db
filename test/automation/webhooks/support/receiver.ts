import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Whoever webhooks are sent to: answers as the test wants, and keeps what came. */
export class Receiver {
  readonly requests: Received[] = [];
  /** How the next requests are answered. */
  answer: RequestListener = (_, response) => void response.writeHead(200).end("thanks");
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { url = "", method = "", headers } = request;
        const body = Buffer.concat(chunks).toString("utf8");
        this.requests.push({ url, method, headers, body });
        this.answer(request, response);
      });
      request.on("error", () => undefined);
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => {
      receiver.#server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => receiver.stop());
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** The `webhook-id` of each request. */
  get ids(): readonly string[] {
    return this.requests.map(({ headers }) => String(headers["webhook-id"]));
  }

  /** Answers with these statuses, one after the other, and with the last from then on. */
  answerWith(...statuses: readonly number[]): void {
    const left = [...statuses];
    this.answer = (_, response) => {
      const status = left.length > 1 ? left.shift() : left[0];
      response.writeHead(status ?? 200).end(`answered ${status}`);
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

export interface Received {
  readonly url: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
