import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsMsg, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { DeliveryShuffler } from "../../chaos/proxy/delivery-shuffler.mjs";
import { NatsFrames } from "../../chaos/proxy/nats-frames.mjs";
import { ServerProxy } from "../../chaos/proxy/server-proxy.mjs";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { until } from "../e2e/support/until.ts";

const ack = (at: number): string => `$JS.ACK.MR_default_0.new-shop.1.${at}.${at}.1700000000.0`;
const FRAMES = [
  'INFO {"server_id":"n0"}\r\n',
  "PING\r\n",
  `MSG mr.one 1 ${ack(1)} 5\r\nhello\r\n`,
  "HMSG _INBOX.a 2 28 28\r\nNATS/1.0 408 No Messages\r\n\r\n\r\n",
  "+OK\r\n",
  `MSG mr.two 1 ${ack(2)} 12\r\nMSG a 1 2\r\nx\r\n`,
  "MSG _INBOX.b 3 0\r\n\r\n",
  `HMSG mr.three 1 ${ack(3)} 17 20\r\nNATS/1.0\r\na:b\r\n\r\nend\r\n`,
  "MSG other 4 reply.to 3\r\n\r\n\r\r\n",
  "-ERR 'Stale Connection'\r\n",
  "PONG\r\n",
];
const STREAM = Buffer.from(FRAMES.join(""));

/** Any way to split so many bytes. */
const splits = fc.array(fc.nat({ max: STREAM.length }), { maxLength: 12 });

function piecesOf(cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
  return at.slice(1).map((to, index) => STREAM.subarray(at[index], to));
}

test("however the bytes are split, the frames are the same", () => {
  fc.assert(
    fc.property(splits, (cuts) => {
      const frames = new NatsFrames();
      const found = piecesOf(cuts).flatMap((piece) => frames.push(piece));
      expect(found.map(({ bytes }) => bytes.toString())).toEqual(FRAMES);
      expect(found.flatMap(({ ackSubject }) => ackSubject ?? [])).toEqual([1, 2, 3].map(ack));
    }),
  );
});

test("bytes that are not of the protocol come out as they went in", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
      const frames = new NatsFrames();
      const sent = pieces.map((piece) => Buffer.from(piece));
      const out = sent.flatMap((piece) => frames.push(piece)).map(({ bytes }) => bytes);
      expect(Buffer.concat([...out, frames.takeRest()])).toEqual(Buffer.concat(sent));
    }),
  );
});

test("however the bytes are split, the same deliveries are duplicated and reordered", () => {
  const whole = shuffled([STREAM]);
  expect(whole.counts.duplicated + whole.counts.reordered).toBeGreaterThan(2);
  fc.assert(
    fc.property(splits, (cuts) => {
      expect(shuffled(piecesOf(cuts)).text).toBe(whole.text);
    }),
  );
});

/** Frames that are no deliveries. */
function others(text: string): string[] {
  return new NatsFrames()
    .push(Buffer.from(text))
    .flatMap(({ bytes, ackSubject }) => (ackSubject === undefined ? [bytes.toString()] : []));
}

test("what is no delivery keeps its place among its like, and nothing is lost", () => {
  const { text } = shuffled([STREAM]);
  expect(others(text)).toEqual(others(STREAM.toString()));
  for (const frame of FRAMES) expect(text).toContain(frame);
});

test("each message of a consumer comes at least once, some twice, and some overtake others", async () => {
  const { proxy, client, admin } = await broker();
  const js = await stored(admin, 60);
  proxy.shuffle({ duplicate: 0.3, reorder: 0.3, window: 4, windowMs: 100 });
  const arrived = await pulled(client, js, (seen) => new Set(seen).size === 60);
  await until("the window is empty", () => arrived.length === 60 + proxy.counts.duplicated);
  expect(proxy.counts.duplicated).toBeGreaterThan(0);
  expect(arrived).not.toEqual(arrived.toSorted((a, b) => a - b));
  // Everything else works as ever: a request and its answer.
  expect((await client.request("$JS.API.INFO", "", { timeout: 30_000 })).json()).toMatchObject({
    streams: 1,
  });
});

test("a single delivery is delayed while those after it come", async () => {
  const { proxy, client, admin } = await broker();
  const js = await stored(admin, 10);
  let touched = 0;
  const only = (): boolean => touched++ === 2;
  proxy.shuffle({ delay: 1, delayMs: 300, only });
  const arrived = await pulled(client, js, (seen) => seen.length === 10);
  expect(arrived).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 3]);
  expect(proxy.counts).toEqual({ duplicated: 0, reordered: 0, delayed: 1 });
});

test("a healed proxy leaves deliveries as they are", async () => {
  const { proxy, client, admin } = await broker();
  const js = await stored(admin, 20);
  proxy.shuffle({ duplicate: 1, reorder: 1 });
  proxy.heal();
  const arrived = await pulled(client, js, (seen) => seen.length === 20);
  expect(arrived).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
});

/** What comes out when these pieces go through, at the end of the connection. */
function shuffled(pieces: readonly Buffer[]): {
  text: string;
  counts: Record<string, number> & typeof NONE;
} {
  const out: Buffer[] = [];
  const counts = { ...NONE };
  let state = 7;
  const shuffler = new DeliveryShuffler({
    emit: (bytes) => out.push(bytes),
    random: () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647,
    settings: () => ({
      duplicate: 0.5,
      reorder: 0.5,
      window: 2,
      windowMs: 3_600_000,
      delay: 0,
      delayMs: 0,
    }),
    count: (treatment) => {
      counts[treatment]++;
    },
  });
  for (const piece of pieces) shuffler.push(piece);
  shuffler.end();
  return { text: Buffer.concat(out).toString(), counts };
}

const NONE = { duplicated: 0, reordered: 0, delayed: 0 };

/** A nats-server, a connection through the proxy before it, and one that goes past it. */
async function broker(): Promise<{
  readonly proxy: ServerProxy;
  readonly client: NatsConnection;
  readonly admin: NatsConnection;
}> {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-proxy-"));
  const server = await startNatsServer({ storeDir });
  onTestFinished(async () => {
    await server.kill();
    rmSync(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  const proxy = await ServerProxy.open({ port: server.port });
  onTestFinished(() => proxy.close());
  const client = await connect({ servers: proxy.url });
  onTestFinished(() => client.close());
  const admin = await connect({ servers: server.url });
  onTestFinished(() => admin.close());
  return { proxy, client, admin };
}

/** Stores so many messages where a durable consumer hands them out. */
async function stored(admin: NatsConnection, count: number): Promise<string> {
  const manager = await jetstreamManager(admin);
  await manager.streams.add({ name: "S", subjects: ["s"] });
  await manager.consumers.add("S", { durable_name: "c", ack_policy: "explicit" });
  const js = jetstream(admin);
  for (let at = 0; at < count; at++) await js.publish("s", `message ${at}`);
  return "c";
}

/** The sequences in the order in which they come, until that is enough. It goes on to grow. */
async function pulled(
  client: NatsConnection,
  consumer: string,
  enough: (seen: readonly number[]) => boolean,
): Promise<readonly number[]> {
  const seen: number[] = [];
  const source = await jetstream(client).consumers.get("S", consumer);
  const messages = await source.consume({
    callback: (message: JsMsg) => void seen.push(message.seq),
  });
  onTestFinished(() => messages.stop());
  await until("enough has come", () => enough(seen));
  return seen;
}
