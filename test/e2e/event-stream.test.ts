/** Live events over HTTP from a real broker: connections break at any moment, and so does the broker. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/connect.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { startServer } from "../../src/server/start-server.ts";
import { SseClient, type SseEvent } from "../server/support/sse-client.ts";
import { until } from "./support/until.ts";

const RUNS = 1_500;

test("readers that are cut off at random moments are told of each change once, although the broker is killed meanwhile", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  const storeDir = join(directory, "store");
  let broker: NatsServer = await startNatsServer({ storeDir });
  const options = { servers: broker.url, namespace: "events" };
  const millrace = await connect({ ...options, partitions: 3 });
  const connections = await Promise.all([connect(options), connect(options)]);
  const servers = await Promise.all(
    connections.map((connection, at) =>
      startServer({
        connection,
        port: 0,
        log: pino({ level: "silent" }),
        database: join(directory, `view-${at}.db`),
        // So small that most of those who come back read the log.
        limits: { liveChanges: 40 },
      }),
    ),
  );
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await Promise.all([millrace, ...connections].map((each) => each.close()));
    await broker.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });

  const readers = [1, 2, 3].map(() => new Reader(servers.map(({ url }) => `${url}/api/v1/events`)));
  onTestFinished(async () => {
    await Promise.all(readers.map((reader) => reader.stop()));
  });
  await until("all are ready", () => readers.every(({ isReady }) => isReady));
  const keys: string[] = [];
  for (let at = 0; at < RUNS; at++) {
    const key = `k${at}`;
    const done = millrace.submit("f", undefined, { key }).then(() => keys.push(key));
    if (at % 50 === 0) await done;
    if (at === RUNS / 2) {
      await broker.kill();
      broker = await startNatsServer({ storeDir, port: broker.port });
    }
  }
  await until("all are submitted", () => keys.length === RUNS);
  await until("all are told", () => readers.every(({ keys: told }) => told.length >= RUNS));
  for (const reader of readers) {
    await reader.stop();
    expect(reader.keys.toSorted()).toEqual(keys.toSorted());
    expect(reader.drops).toBeGreaterThan(3);
    expect(reader.resets).toBe(0);
  }
});

/** Follows the changes, now at this replica, now at that one; breaks its connections off itself. */
class Reader {
  readonly keys: string[] = [];
  isReady = false;
  drops = 0;
  resets = 0;
  readonly #urls: readonly string[];
  readonly #done: Promise<void>;
  #client: SseClient | undefined;
  #stopped = false;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
    this.#done = this.#read();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#client?.drop();
    await this.#done;
  }

  async #read(): Promise<void> {
    let lastId: string | undefined;
    for (let at = 0; !this.#stopped; at++) {
      let left = 1 + Math.floor(Math.random() * 150);
      // The client is the one that this event came to: it may come before the opening of it resolves.
      const onEvent = ({ event, data }: SseEvent, client: SseClient): void => {
        if (event === "reset") this.resets++;
        this.isReady = true;
        if (event !== "change" || left <= 0) return;
        this.keys.push(String(data["key"]));
        if (--left === 0) client.drop();
      };
      const url = this.#urls[at % this.#urls.length] ?? "";
      this.#client = await SseClient.open(url, lastId, onEvent);
      await this.#client.ended;
      lastId = this.#client.lastId ?? lastId;
      this.drops++;
    }
  }
}
