import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type NatsConnection, RequestError } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import type { HeldRun, LeaseKeeper, Peers } from "../ports/leases.ts";
import { askSubject } from "../wire/subjects.ts";
import type { DialOptions } from "./dial.ts";
import { LeaseTable, MAX_ACK_SUBJECT } from "./lease-table.ts";
import type { LeaseThreadData } from "./lease-thread.ts";

/** Leases kept by a thread, and questions to other workers' threads. */
export class JetStreamPeers implements Peers {
  readonly #connection: NatsConnection;
  readonly #dial: DialOptions;
  readonly #namespace: string;

  constructor(connection: NatsConnection, dial: DialOptions, namespace: string) {
    this.#connection = connection;
    this.#dial = dial;
    this.#namespace = namespace;
  }

  async openLeases(worker: string, leaseMs: number, maxBlockedMs: number): Promise<LeaseKeeper> {
    const beat = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    const beats = new Float64Array(beat);
    const turn = (): void => {
      beats[0] = Date.now();
    };
    turn();
    const beating = setInterval(turn, 500).unref();
    const workerData: LeaseThreadData = {
      dial: this.#dial,
      askSubject: askSubject(this.#namespace, worker),
      leaseMs,
      maxBlockedMs,
      beat,
    };
    const thread = new Worker(THREAD, { workerData, name: "millrace-leases" });
    const table = new LeaseTable((memory) => thread.postMessage(memory));
    try {
      await once(thread, "message");
    } catch (cause) {
      clearInterval(beating);
      throw new BrokerError("The thread that keeps the leases could not start.", { cause });
    }
    let onAsked: ((run: string) => void) | undefined;
    thread.on("message", (message: { readonly asked?: string }) => {
      if (message.asked !== undefined) onAsked?.(message.asked);
    });
    const ended = new AbortController();
    const end = (cause: unknown): void => {
      clearInterval(beating);
      ended.abort(new BrokerError("The thread that keeps the leases ended.", { cause }));
    };
    thread.once("error", end);
    thread.once("exit", end);
    return {
      ended: ended.signal,
      keep: ({ leaseId, partition, sequence }) => {
        if (leaseId.length > MAX_ACK_SUBJECT) throw new Error(`Ack subject too long: ${leaseId}`);
        return table.take({ partition, sequence, keptAt: Date.now(), ackSubject: leaseId });
      },
      onAsked: (call) => {
        onAsked = call;
      },
      close: async () => {
        thread.off("exit", end);
        clearInterval(beating);
        await thread.terminate();
      },
    };
  }

  async asks(worker: string, held: HeldRun): Promise<"held" | "gone" | "unknown"> {
    try {
      const answer = await this.#connection.request(
        askSubject(this.#namespace, worker),
        JSON.stringify(held),
        { timeout: ASK_TIMEOUT_MS },
      );
      return answer.string() === "held" ? "held" : "gone";
    } catch (error) {
      // Only "nobody listens there" says that the worker is gone; silence says nothing.
      return isNoResponders(error) ? "gone" : "unknown";
    }
  }
}

const ASK_TIMEOUT_MS = 2_000;

// Sources run as TypeScript only under the test runner, and a thread of Node 20 cannot: it takes the build.
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/jetstream/lease-thread.js" : "./lease-thread.js",
  import.meta.url,
);

function isNoResponders(error: unknown): boolean {
  return error instanceof RequestError && error.isNoResponders();
}
