import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { startNatsServer } from "../../../src/embedded/start-nats-server.ts";
import { sortableId } from "../../../src/engine/sortable-id.ts";
import { connectBroker } from "../../../src/jetstream/connect-broker.ts";
import type { Broker } from "../../../src/ports/broker.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";

/** One implementation of the ports. Each suite runs on all of them. */
export interface Adapter {
  readonly name: string;
  /** Starts what the suite needs. */
  start(): Promise<Running>;
}

export interface Running {
  /** A namespace of its own for one test. */
  open(): World;
  stop(): Promise<void>;
}

/** A namespace and what a test can do to it from outside. */
export interface World {
  readonly namespace: string;
  /** Short, so that a lapse is not waited for long. */
  readonly leaseMs: number;
  /** A connection of its own, as another process would have. */
  readonly connect: () => Promise<Broker>;
  /** Stores bytes on `mr.<namespace>.<rest>`, as somebody could who does not know the protocol. */
  readonly publish: (rest: string, data: Uint8Array) => Promise<void>;
  /** Deletes the queue's consumers. Their readers make them again. */
  readonly deleteConsumers: (queue: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

const memory: Adapter = {
  name: "in memory",
  start: async () => ({
    open: () => {
      const namespace = freshName();
      const broker = new MemoryBroker({ namespace });
      const connections: Broker[] = [];
      return {
        namespace,
        leaseMs: 200,
        connect: async () => {
          const connection = broker.connect();
          connections.push(connection);
          return connection;
        },
        publish: async (rest, data) => broker.store(`mr.${namespace}.${rest}`, data),
        deleteConsumers: async (queue) => broker.forgetAcks(queue),
        close: async () => {
          for (const connection of connections) await connection.close();
        },
      };
    },
    stop: async () => undefined,
  }),
};

const jetStream: Adapter = {
  name: "on JetStream",
  start: async () => {
    const storeDir = await mkdtemp(join(tmpdir(), "millrace-contract-"));
    const server = await startNatsServer({ storeDir });
    const outside = await connect({ servers: server.url });
    const request = async (subject: string, data: Uint8Array): Promise<void> => {
      const answer = (await outside.request(subject, data, { timeout: 30_000 })).json<{
        error?: object;
      }>();
      if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
    };
    return {
      open: () => {
        const namespace = freshName();
        const connections: Broker[] = [];
        return {
          namespace,
          leaseMs: 1_000,
          connect: async () => {
            const broker = await connectBroker({ servers: server.url, namespace });
            connections.push(broker);
            return broker;
          },
          publish: (rest, data) => request(`mr.${namespace}.${rest}`, data),
          deleteConsumers: async (queue) => {
            for (const kind of ["new", "in"]) {
              const consumer = `MR_${namespace}_0.${kind}-${queue}`;
              await request(`$JS.API.CONSUMER.DELETE.${consumer}`, new Uint8Array());
            }
          },
          close: async () => {
            await Promise.all(connections.map((connection) => connection.close()));
          },
        };
      },
      stop: async () => {
        await outside.close();
        await server.stop();
        await rm(storeDir, { recursive: true, force: true });
      },
    };
  },
};

export const ADAPTERS: readonly Adapter[] = [memory, jetStream];

function freshName(): string {
  return `t${sortableId(Date.now(), Math.random)}`;
}
