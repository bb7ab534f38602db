import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import type { HeldRun, LeaseKeeper, LeaseOptions, MissingPeer, Peers } from "../ports/leases.ts";
import { askSubject } from "../wire/subjects.ts";
import type { DialOptions } from "./dial.ts";
import { LeaseTable, MAX_ACK_SUBJECT } from "./lease-table.ts";
import type { LeaseThreadData, ThreadReport } from "./lease-thread.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { isNoResponders } from "./no-responders.ts";

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

  async openLeases(
    worker: string,
    { leaseMs, maxBlockedMs, watch }: LeaseOptions,
  ): Promise<LeaseKeeper> {
    const beat = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    const beats = new Float64Array(beat);
    const turn = (): void => {
      beats[0] = monotonicMs();
    };
    turn();
    const beating = setInterval(turn, 500).unref();
    const workerData: LeaseThreadData = {
      dial: this.#dial,
      namespace: this.#namespace,
      worker,
      leaseMs,
      maxBlockedMs,
      watch,
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
    let onMissing: ((peer: MissingPeer) => void) | undefined;
    thread.on("message", (report: ThreadReport) => {
      if ("asked" in report) onAsked?.(report.asked);
      else onMissing?.(report.missing);
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
        return table.take({ partition, sequence, keptAt: monotonicMs(), ackSubject: leaseId });
      },
      onAsked: (call) => {
        onAsked = call;
      },
      onMissing: (call) => {
        onMissing = call;
      },
      close: async () => {
        thread.off("exit", end);
        clearInterval(beating);
        if (watch) await saysGoodbye(thread);
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

/** Resolves when whoever watches this worker was told that it leaves, or cannot be told soon. */
async function saysGoodbye(thread: Worker): Promise<void> {
  const late = AbortSignal.timeout(GOODBYE_MS);
  thread.postMessage("leave");
  await once(thread, "exit", { signal: late }).catch(() => undefined);
}

const GOODBYE_MS = 500;
