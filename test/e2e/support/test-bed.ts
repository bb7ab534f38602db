import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { Millrace } from "../../../src/client/millrace.ts";
import type { RunHandle } from "../../../src/client/run-handle.ts";
import { connect } from "../../../src/connect.ts";
import { type NatsServer, startNatsServer } from "../../../src/embedded/start-nats-server.ts";
import { streamName } from "../../../src/wire/subjects.ts";
import { Child } from "./child-process.ts";
import { ClientProcess } from "./client-process.ts";
import { Ledger } from "./ledger.ts";
import { until } from "./until.ts";

/** The lease of every queue in these tests: short, so that a take-over does not take long. */
export const LEASE_MS = 1_000;

/** Options of workers that nobody is to take a run from, however slow the machine is. */
export const KEEPING = { lease: "10s" } as const;

/** One nats-server for all tests of a file; each test has a namespace of its own on it. */
export function testBeds(): { open(): Promise<TestBed> } {
  const directory = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer | undefined;
  beforeAll(async () => {
    server = await startNatsServer({ storeDir: join(directory, "store") });
  });
  afterAll(async () => {
    await server?.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  return {
    open: () => {
      if (server === undefined) throw new Error("The nats-server is not there yet");
      return openTestBed(server.url);
    },
  };
}

/** A namespace of its own on this server, with a ledger, gates, and a connection that is closed with the test. */
export async function openTestBed(servers: string, replicas = 1): Promise<TestBed> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  const namespace = `e2e-${randomBytes(4).toString("hex")}`;
  const millrace = await connect({ servers, namespace, replicas });
  const bed = new TestBed(servers, namespace, directory, millrace);
  onTestFinished(() => bed.close());
  return bed;
}

export class TestBed {
  readonly servers: string;
  readonly namespace: string;
  readonly ledger: Ledger;
  /** This process's own connection. */
  readonly millrace: Millrace;
  readonly #directory: string;
  #raw: NatsConnection | undefined;

  constructor(servers: string, namespace: string, directory: string, millrace: Millrace) {
    this.servers = servers;
    this.namespace = namespace;
    this.millrace = millrace;
    this.ledger = new Ledger(join(directory, "ledger"));
    this.#directory = directory;
  }

  /** Starts a worker process on the definitions of `flows/<flows>.mjs`; resolves when it serves. */
  async worker(flows: string, options: WorkerOptions = {}): Promise<WorkerProcess> {
    const { crash, env, servers = this.servers } = options;
    const settings = {
      servers,
      namespace: this.namespace,
      ledger: this.ledger.path,
      gates: this.#directory,
      flows,
      crash,
      serve: { lease: LEASE_MS, ...options.serve },
    };
    const child = new Child("worker.mjs", settings, env);
    const { ready } = await child.reported("the worker serves", (report) => "ready" in report);
    return Object.assign(child, { id: String(ready) });
  }

  /** Starts a process that submits and waits as it is told. */
  client(): Promise<ClientProcess> {
    return ClientProcess.start({ servers: this.servers, namespace: this.namespace });
  }

  /** A connection of no Millrace: to look at the broker, and to send what Millrace would not. */
  async raw(): Promise<NatsConnection> {
    this.#raw ??= await connectRaw({ servers: this.servers, maxReconnectAttempts: -1 });
    return this.#raw;
  }

  /** Stores a message as anybody who can reach the broker may; resolves when it is stored. */
  async publish(subject: string, data: Uint8Array): Promise<void> {
    const ack = await (await this.raw()).request(subject, data, { timeout: 60_000 });
    const { error } = ack.json<{ error?: { description: string } }>();
    if (error !== undefined) throw new Error(`${subject}: ${error.description}`);
  }

  /** Resolves when every message of this queue was handed out and acked: nothing will come again. */
  async queueIsDone(queue: string): Promise<void> {
    await until(`all messages of queue ${queue} are acked`, async () =>
      (await this.#consumers(queue)).every(
        (consumer) => consumer.num_pending + consumer.num_ack_pending === 0,
      ),
    );
  }

  /** Resolves when no worker has a request for messages of this queue open. */
  async nobodyAsks(queue: string): Promise<void> {
    await until(`nobody asks for messages of queue ${queue}`, async () =>
      (await this.#consumers(queue)).every((consumer) => consumer.num_waiting === 0),
    );
  }

  /** Resolves when a run that was resumed has closed once more. */
  async closesAgain(run: RunHandle): Promise<void> {
    await until(`${run.id} is resumed and closed`, async () => {
      const types = (await run.details()).frames.flatMap(({ events }) => events.map((e) => e.type));
      return types.includes("Resumed") && (await run.state()).closed;
    });
  }

  async #consumers(queue: string): Promise<readonly ConsumerCounts[]> {
    const connection = await this.raw();
    const stream = streamName(this.namespace, 0);
    const answers = ["new", "in"].map((kind) =>
      connection.request(`$JS.API.CONSUMER.INFO.${stream}.${kind}-${queue}`, "", {
        timeout: 30_000,
      }),
    );
    return (await Promise.all(answers)).map((answer) => answer.json());
  }

  async close(): Promise<void> {
    await this.millrace.close();
    await this.#raw?.close();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Lets every step pass that waits at this gate, or only those of one process. */
  openGate(name: string, only?: Child): void {
    const file = only === undefined ? name : `${name}.${only.pid}`;
    writeFileSync(join(this.#directory, file), "");
  }
}

/** The part of the broker's description of a consumer that is looked at. */
interface ConsumerCounts {
  /** Stored and not handed out yet. */
  readonly num_pending: number;
  /** Handed out and not acked yet. */
  readonly num_ack_pending: number;
  /** Requests that are open. */
  readonly num_waiting: number;
}

export type WorkerProcess = Child & {
  /** Its id as the histories show it. */
  readonly id: string;
};

export interface WorkerOptions {
  /** The server of a cluster that it connects to first. Default: the bed's. */
  readonly servers?: string;
  readonly crash?: CrashPoint;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of `serve` in their plain form. */
  readonly serve?: {
    readonly lease?: string;
    readonly takeOver?: "fast" | "lease";
    readonly concurrency?: number;
    readonly queues?: readonly string[];
    readonly drainGrace?: string;
    readonly suspendAfter?: string;
    readonly webhooks?: { readonly allow: readonly string[] };
  };
}

/** Where a worker process kills itself. */
export type CrashPoint =
  | { readonly point: "before-step"; readonly step: string }
  | {
      readonly point: "before-frame" | "after-frame";
      readonly event: string;
      readonly step?: string;
    }
  | { readonly point: "random"; readonly oneIn: number };
