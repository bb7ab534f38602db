import { expect, test } from "vitest";
import { parseRunId } from "../../src/engine/run-id.ts";
import { FeedBrokenError } from "../../src/engine/usage-errors.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type { FedMessage, FeedOptions } from "../../src/ports/event-feed.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = ({ kind, data }: FedMessage): string => `${kind} ${new TextDecoder().decode(data)}`;

/** Reads on until it is stopped, and keeps the batches. */
function reading(
  broker: Broker,
  after = 0,
  options: Partial<FeedOptions> = {},
): { readonly batches: FedMessage[][]; readonly ended: Promise<void>; stop(): Promise<void> } {
  const abort = new AbortController();
  const batches: FedMessage[][] = [];
  const ended = (async () => {
    const feed = broker.feed.read(0, after, { signal: abort.signal, ...options });
    for await (const batch of feed) batches.push([...batch]);
  })();
  ended.catch(() => undefined);
  const stop = (): Promise<void> => {
    abort.abort();
    return ended;
  };
  return { batches, ended, stop };
}

async function stored(broker: Broker, key: string): Promise<void> {
  const run = parseRunId(`f:${key}`);
  await broker.log.submit(run, "q", bytes(key));
}

onEveryAdapter("the event feed", (open) => {
  test("gives everything that is stored, in order, with what kind it is and when it was stored", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const run = parseRunId("f:k");
    const before = Date.now();
    await broker.log.submit(run, "q", bytes("submission"));
    await broker.log.append(run, 0, bytes("frame"));
    await broker.log.put(run, "q", bytes("input"));
    await publish("0.dead.7", bytes("letter"));
    const read = reading(broker);
    await eventually(() => expect(read.batches.flat()).toHaveLength(4));
    await read.stop();
    const fed = read.batches.flat();
    expect(fed.map(textOf)).toEqual(["new submission", "h frame", "in input", "dead letter"]);
    expect(fed.map(({ sequence, partition }) => [sequence, partition])).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
    expect(fed[1]?.subject).toMatch(/\.0\.h\.f\.k$/);
    for (const { storedAt } of fed) {
      expect(Number.isInteger(storedAt)).toBe(true);
      expect(Math.abs(storedAt - before)).toBeLessThan(60_000);
    }
  });

  test("goes on after the sequence that it is given, and gives what is stored later by itself", async () => {
    const { connect } = open();
    const [writer, reader] = [await connect(), await connect()];
    for (const key of ["a", "b", "c"]) await stored(writer, key);
    const read = reading(reader, 2);
    await eventually(() => expect(read.batches.flat().map(textOf)).toEqual(["new c"]));
    for (const key of ["d", "e"]) await stored(writer, key);
    await eventually(() =>
      expect(read.batches.flat().map(textOf)).toEqual(["new c", "new d", "new e"]),
    );
    await read.stop();
  });

  test("gives the kinds that are asked for, and orders for wake-ups never", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const run = parseRunId("f:k");
    await stored(broker, "k");
    const order = { number: 1, time: Date.now() + 3_600_000 };
    await broker.log.wakeAt(run, "q", order, bytes("order"));
    await publish("0.other.x", bytes("foreign"));
    await broker.log.append(run, 0, bytes("frame"));
    await broker.log.put(run, "q", bytes("input"));
    const all = reading(broker);
    const some = reading(broker, 0, { kinds: ["h", "new"] });
    await eventually(() => {
      expect(all.batches.flat().map(textOf)).toEqual(["new k", "h frame", "in input"]);
      expect(some.batches.flat().map(textOf)).toEqual(["new k", "h frame"]);
    });
    await Promise.all([all.stop(), some.stop()]);
  });

  test("makes its batches no larger than asked for, and waits for none to be full", async () => {
    const { connect } = open();
    const broker = await connect();
    const keys = Array.from({ length: 25 }, (_, at) => `k${at}`);
    for (const key of keys) await stored(broker, key);
    const read = reading(broker, 0, { maxBatch: 10 });
    await eventually(() => expect(read.batches.flat()).toHaveLength(25));
    await read.stop();
    expect(Math.max(...read.batches.map(({ length }) => length))).toBeLessThanOrEqual(10);
    expect(read.batches.flat().map(({ sequence }) => sequence)).toEqual(
      keys.map((_, at) => at + 1),
    );
  });

  test("is read by many at a time, each at its own pace", async () => {
    const { connect } = open();
    const broker = await connect();
    for (let at = 0; at < 20; at++) await stored(broker, `k${at}`);
    const reads = [0, 5, 19, 20].map((after) => reading(broker, after));
    await stored(broker, "last");
    await eventually(() =>
      expect(reads.map(({ batches }) => batches.flat().length)).toEqual([21, 16, 2, 1]),
    );
    await Promise.all(reads.map((read) => read.stop()));
  });

  test("ends by its signal without an error, whether it waits or has not begun", async () => {
    const { connect } = open();
    const broker = await connect();
    const read = reading(broker);
    await stored(broker, "k");
    await eventually(() => expect(read.batches).toHaveLength(1));
    await read.stop();
    const never = reading(broker, 0, { signal: AbortSignal.abort() });
    await never.ended;
    expect(never.batches).toEqual([]);
  });

  test("ends with an error when the connection is closed", async () => {
    const { connect } = open();
    const broker = await connect();
    const read = reading(broker);
    await stored(broker, "k");
    await eventually(() => expect(read.batches).toHaveLength(1));
    await broker.close();
    await expect(read.ended).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect(reading(broker).ended).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  test("ends where it is told to, whatever stands there, and waits for what is not there yet", async () => {
    const { connect } = open();
    const [writer, reader] = [await connect(), await connect()];
    const run = parseRunId("f:a");
    for (const key of ["a", "b", "c"]) await stored(writer, key);
    await writer.log.put(run, "q", bytes("input"));
    const kinds = ["new"] as const;
    const short = reading(reader, 0, { upTo: 2 });
    await short.ended;
    expect(short.batches.flat().map(textOf)).toEqual(["new a", "new b"]);
    const toInput = reading(reader, 1, { upTo: 4, kinds });
    await toInput.ended;
    expect(toInput.batches.flat().map(textOf)).toEqual(["new b", "new c"]);
    const nothing = reading(reader, 3, { upTo: 4, kinds });
    await nothing.ended;
    expect(nothing.batches).toEqual([]);
    const later = reading(reader, 3, { upTo: 5, kinds });
    await stored(writer, "d");
    await later.ended;
    expect(later.batches.flat().map(textOf)).toEqual(["new d"]);
    const other = reading(reader, 3, { upTo: 6, kinds });
    await writer.log.append(run, 0, bytes("frame"));
    await other.ended;
    expect(other.batches.flat().map(textOf)).toEqual(["new d"]);
  });

  test("says what is in a partition, alike to everybody", async () => {
    const { connect } = open();
    const [one, other] = [await connect(), await connect()];
    expect(one.feed.partitions).toBe(1);
    expect(await one.feed.extent(0)).toMatchObject({ last: 0, messages: 0 });
    await stored(one, "a");
    await stored(one, "b");
    const extent = await other.feed.extent(0);
    expect(extent).toMatchObject({ first: 1, last: 2, messages: 2 });
    expect(extent.bytes).toBeGreaterThan(0);
    expect(extent.incarnation).not.toBe("");
    expect(await one.feed.extent(0)).toEqual(extent);
  });

  test("does not wait at a place that the partition has not reached: it lost what was read from it", async () => {
    const { connect } = open();
    const broker = await connect();
    await stored(broker, "a");
    await expect(reading(broker, 2).ended).rejects.toBeInstanceOf(FeedBrokenError);
  });

  test("up to a sequence, gives all of it though it takes many requests", async () => {
    const broker = await open().connect();
    const COUNT = 3_000;
    const large = new Uint8Array(2_000);
    await Promise.all(
      Array.from({ length: COUNT }, (_, at) =>
        broker.log.submit(parseRunId(`f:k${at}`), "q", large),
      ),
    );
    const read = reading(broker, 0, { upTo: COUNT });
    await read.ended;
    expect(read.batches.flat()).toHaveLength(COUNT);
  });
});
