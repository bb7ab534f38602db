import { pool, timed } from "./clock.mjs";

/** What the broker gives its own client: acked publishes to file streams that are kept like those of Millrace. */
const STREAM = "BENCH_RAW";
const SUBJECT = "bench.raw";
export const MESSAGE = new Uint8Array(200).fill(120);
export const LARGE = new Uint8Array(65_536).fill(120);

/** As many streams as a namespace has partitions: publishes are spread over them. */
export async function makeRawStreams(connection, { replicas, partitions }) {
  for (let at = 0; at < partitions; at++) {
    const config = {
      name: `${STREAM}_${at}`,
      subjects: [`${SUBJECT}.${at}`],
      storage: "file",
      num_replicas: replicas,
      duplicate_window: 1e8,
    };
    const request = JSON.stringify(config);
    const reply = await connection.request(`$JS.API.STREAM.CREATE.${config.name}`, request);
    const { error } = reply.json();
    if (error !== undefined) throw new Error(`The raw stream was not made: ${error.description}`);
  }
}

/** One publish after the other: the milliseconds of each. */
export async function publishOneByOne(connection, count) {
  const times = [];
  for (let at = 0; at < count; at++) {
    const seconds = await timed(() => publish(connection, 0, MESSAGE));
    times.push(seconds * 1_000);
  }
  return times;
}

/** Acked publishes per second with so many in flight. */
export async function publishTogether(connection, count, { inFlight, partitions, message }) {
  let last = 0;
  const seconds = await timed(() =>
    pool(count, inFlight, () => publish(connection, ++last % partitions, message)),
  );
  return count / seconds;
}

async function publish(connection, stream, message) {
  const options = { timeout: 10_000 };
  const ack = (await connection.request(`${SUBJECT}.${stream}`, message, options)).json();
  if (ack.seq === undefined) throw new Error(`Not acked: ${JSON.stringify(ack)}`);
}
