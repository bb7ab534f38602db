/** The feed of a real broker, whatever is taken from under it. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connectBroker } from "../../src/jetstream/connect-broker.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { until } from "./support/until.ts";

const MESSAGES = 60_000;
const STREAM = "MR_feed_0";

test("a reader gets every message once and in order although the server is killed twice meanwhile", async () => {
  const stage = await openStage();
  await stage.store(MESSAGES);
  const read = new Reading(stage.broker);
  for (const enough of [10_000, 30_000]) {
    // It stands still, so that the server dies in mid-read.
    read.pauseAt(enough);
    await until(`${enough} are read`, () => read.sequences.length >= enough);
    await stage.killAndRestart();
    read.goOn();
  }
  await until("all are read", () => read.sequences.length >= MESSAGES);
  await stage.store(3);
  await until("what was stored last is read", () => read.sequences.length >= MESSAGES + 3);
  await read.stop();
  expect(read.isExact(MESSAGES + 3)).toBe(true);
});

test("a reader gets every message once and in order although its consumer is deleted again and again", async () => {
  const stage = await openStage();
  await stage.store(MESSAGES);
  const read = new Reading(stage.broker);
  for (const enough of [5_000, 15_000, 40_000]) {
    read.pauseAt(enough);
    await until(`${enough} are read`, () => read.sequences.length >= enough);
    for (const name of await stage.consumers()) {
      await stage.outside.request(`$JS.API.CONSUMER.DELETE.${STREAM}.${name}`, "", {
        timeout: 30_000,
      });
    }
    read.goOn();
  }
  await until("all are read", () => read.sequences.length >= MESSAGES);
  await read.stop();
  expect(read.isExact(MESSAGES)).toBe(true);
});

test("what nobody reads is not fetched, and nothing is left at the broker when a read ends", async () => {
  const stage = await openStage();
  await stage.store(MESSAGES);
  const read = new Reading(stage.broker);
  read.pauseAt(1);
  await until("it has begun", () => read.sequences.length > 0);
  const [name] = await stage.consumers();
  const answer = await until("all that it asked for was sent", async () => {
    const info = await stage.outside.request(`$JS.API.CONSUMER.INFO.${STREAM}.${name}`, "", {
      timeout: 30_000,
    });
    const found = info.json<{ num_waiting: number; delivered: { stream_seq: number } }>();
    return found.num_waiting === 0 && found;
  });
  expect(answer.delivered.stream_seq).toBeLessThan(10_000);
  read.goOn();
  await read.stop();
  await until("its consumer is gone", async () => (await stage.consumers()).length === 0);
});

/** One reader of partition 0 that can be told to stand still. */
class Reading {
  readonly sequences: number[] = [];
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #pauseAt = Number.POSITIVE_INFINITY;
  #goOn: () => void = () => undefined;

  constructor(broker: Broker) {
    this.#done = this.#read(broker);
    this.#done.catch(() => undefined);
  }

  pauseAt(count: number): void {
    this.#pauseAt = count;
  }

  goOn(): void {
    this.#pauseAt = Number.POSITIVE_INFINITY;
    this.#goOn();
  }

  stop(): Promise<void> {
    this.#abort.abort();
    return this.#done;
  }

  /** The first so many sequences, each once and in order. */
  isExact(count: number): boolean {
    return (
      this.sequences.length === count && this.sequences.every((sequence, at) => sequence === at + 1)
    );
  }

  async #read(broker: Broker): Promise<void> {
    for await (const batch of broker.feed.read(0, 0, { signal: this.#abort.signal })) {
      for (const { sequence } of batch) this.sequences.push(sequence);
      if (this.sequences.length < this.#pauseAt) continue;
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
      });
    }
  }
}

interface Stage {
  readonly broker: Broker;
  readonly outside: NatsConnection;
  /** Stores so many more messages; resolves when they are there. */
  store(count: number): Promise<void>;
  killAndRestart(): Promise<void>;
  consumers(): Promise<readonly string[]>;
}

async function openStage(): Promise<Stage> {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer = await startNatsServer({ storeDir });
  const broker = await connectBroker({ servers: server.url, namespace: "feed" });
  const outside = await connect({
    servers: server.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  onTestFinished(async () => {
    await outside.close();
    await broker.close();
    await server.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  let last = 0;
  const answers = (): Promise<boolean> =>
    outside.request(`$JS.API.STREAM.INFO.${STREAM}`).then(
      () => true,
      () => false,
    );
  return {
    broker,
    outside,
    store: async (count) => {
      const data = new Uint8Array(200);
      for (const upTo = last + count; last < upTo; ) {
        const some = Math.min(500, upTo - last);
        for (let at = 1; at < some; at++) outside.publish(`mr.feed.0.h.f.k${last + at}`, data);
        // Its answer comes when those before it are stored.
        await outside.request(`mr.feed.0.h.f.k${last + some}`, data, { timeout: 30_000 });
        last += some;
      }
    },
    killAndRestart: async () => {
      await server.kill();
      server = await startNatsServer({ storeDir, port: server.port });
      await until("the stream is there again", answers);
    },
    consumers: async () => {
      const names = await outside.request(`$JS.API.CONSUMER.NAMES.${STREAM}`, "", {
        timeout: 30_000,
      });
      return names.json<{ consumers?: string[] }>().consumers ?? [];
    },
  };
}
