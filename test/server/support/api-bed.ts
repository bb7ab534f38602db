import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { Millrace } from "../../../src/client/millrace.ts";
import type { AnyDefinition } from "../../../src/definition/definition.ts";
import type { Scope } from "../../../src/engine/access-token.ts";
import { systemClock } from "../../../src/ports/clock.ts";
import type { RunningServer } from "../../../src/server/start-server.ts";
import { type ServerOptions, startServer } from "../../../src/server/start-server.ts";
import { AccessTokens } from "../../../src/server/tokens/access-tokens.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import { serve } from "../../../src/worker/serve.ts";
import { mismatches, operationAt } from "./api-document.ts";

/** A server on a broker in memory, to be asked over HTTP; everything ends with the test. */
export async function openApiBed(options: BedOptions = {}): Promise<ApiBed> {
  const bed = new ApiBed(options);
  await bed.begin(options);
  onTestFinished(() => bed.close());
  return bed;
}

export interface BedOptions extends Partial<Omit<ServerOptions, "connection">> {
  readonly flows?: readonly AnyDefinition[];
}

export class ApiBed {
  readonly broker = new MemoryBroker();
  readonly millrace = new Millrace(this.broker.connect());
  readonly tokens = new AccessTokens(this.millrace.broker.control, systemClock);
  readonly #folder = mkdtempSync(join(tmpdir(), "millrace-api-"));
  readonly #ends: (() => Promise<unknown>)[] = [];
  readonly #connections: Millrace[] = [];
  #server: RunningServer | undefined;
  readonly #options: BedOptions;

  constructor(options: BedOptions) {
    this.#options = options;
  }

  get server(): RunningServer {
    if (this.#server === undefined) throw new Error("The server has not started.");
    return this.#server;
  }

  async begin({ flows = [] }: BedOptions): Promise<void> {
    if (flows.length > 0) {
      const worker = await serve(flows, {
        connection: this.millrace,
        lease: "1s",
        log: pino({ level: "silent" }),
      });
      this.#ends.push(() => worker.drain());
    }
    this.#server = await this.start();
  }

  /** One more server, as a replica on a connection of its own. */
  async start(options: BedOptions = {}): Promise<RunningServer> {
    const connection = new Millrace(this.broker.connect());
    this.#connections.push(connection);
    const { flows: _, ...given } = { ...this.#options, ...options };
    const database = join(this.#folder, `view-${this.#ends.length}.db`);
    const server = await startServer({ connection, database, port: 0, ...given });
    this.#ends.push(async () => {
      await server.stop();
      await connection.close();
    });
    return server;
  }

  /** The servers' connections to the broker are lost for good; the servers go on. */
  async loseBroker(): Promise<void> {
    for (const connection of this.#connections) await connection.close();
  }

  /** The text of a new token. */
  async token(...scopes: Scope[]): Promise<string> {
    return (await this.tokens.create({ name: "test", scopes })).text;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask("GET", path, undefined, headers);
  }

  async post(path: string, body: unknown = {}): Promise<Answer> {
    return this.ask("POST", path, body);
  }

  /** Asks for a path below `/api/v1`, or from the root if it begins with `//`. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const url = path.startsWith("//") ? path.slice(1) : `/api/v1${path}`;
    const response = await fetch(`${this.server.url}${url}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const answer = await answerOf(response);
    checkAnswer(method, url, answer);
    return answer;
  }

  async close(): Promise<void> {
    for (const end of this.#ends.toReversed()) await end();
    await this.millrace.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Whatever is asked in a test: the answer is as the document says, and what is wrong is a problem. */
export function checkAnswer(method: string, url: string, { status, type, body }: Answer): void {
  const pathname = url.split("?", 1)[0] ?? "";
  if (status >= 400 && pathname !== "/readyz") {
    expect(type).toBe("application/problem+json");
    expect(body).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) });
  }
  const operation = operationAt(method, pathname);
  if (operation === undefined || OF_HTTP.has(String(body["code"]))) return;
  if (!type.includes("json")) return;
  expect(mismatches(operation, status, type, body)).toEqual([]);
}

/** What is refused before it is known which operation is asked. */
const OF_HTTP: ReadonlySet<string> = new Set(["BAD_REQUEST", "METHOD_NOT_ALLOWED", "URL_TOO_LONG"]);

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  // What an API answers is checked by what is expected of it.
  readonly body: Readonly<Record<string, unknown>>;
}

export async function answerOf(response: Response): Promise<Answer> {
  const type = response.headers.get("content-type") ?? "";
  const isStream = type.startsWith("text/event-stream");
  if (isStream) await response.body?.cancel();
  const text = isStream ? "" : await response.text();
  const { status, headers } = response;
  const body = type.includes("json") ? (JSON.parse(text) as Answer["body"]) : { text };
  return { status, type, headers, body };
}

/** A run's id, as it stands in a path. */
export function inPath(id: string): string {
  return encodeURIComponent(id);
}
