import { pool, timed } from "./clock.mjs";

/** What the broker gives its own client: publishes of 200 bytes to a file stream, each of them acked. */
const STREAM = "BENCH_RAW";
const SUBJECT = "bench.raw";
const MESSAGE = new Uint8Array(200).fill(120);

export async function makeRawStream(connection) {
  const config = { name: STREAM, subjects: [SUBJECT], storage: "file", duplicate_window: 1e8 };
  const request = JSON.stringify(config);
  const reply = await connection.request(`$JS.API.STREAM.CREATE.${STREAM}`, request);
  const { error } = reply.json();
  if (error !== undefined) throw new Error(`The raw stream was not made: ${error.description}`);
}

/** One publish after the other: the milliseconds of each. */
export async function publishOneByOne(connection, count) {
  const times = [];
  for (let at = 0; at < count; at++) {
    const seconds = await timed(() => publish(connection));
    times.push(seconds * 1_000);
  }
  return times;
}

/** Acked publishes per second with so many in flight. */
export async function publishTogether(connection, count, inFlight) {
  const seconds = await timed(() => pool(count, inFlight, () => publish(connection)));
  return count / seconds;
}

async function publish(connection) {
  const ack = (await connection.request(SUBJECT, MESSAGE, { timeout: 10_000 })).json();
  if (ack.seq === undefined) throw new Error(`Not acked: ${JSON.stringify(ack)}`);
}
