/** What a worker asks of the broker while nothing happens. */
import { pino } from "pino";
import { connect, flow, serve } from "../dist/index.js";
import { BenchPlace } from "./bench-place.mjs";

/** Requests and writes a second of an idle worker that serves one flow, in a namespace of one partition and in one of four. */
export function idle() {
  return BenchPlace.with({ worker: false }, async (place) => ({
    idle: await callsPerSecond(place, 1),
    idle4: await callsPerSecond(place, 4),
  }));
}

async function callsPerSecond({ server, raw }, partitions) {
  const namespace = `idle${partitions}`;
  const connection = await connect({ servers: server.url, namespace, partitions });
  const log = pino({ level: "silent" });
  const worker = await serve([flow("idle", async () => undefined)], { connection, log });
  await pause(SETTLED_MS);
  let calls = 0;
  const counts = [`$JS.API.>`, `mr.${namespace}.>`].map((subject) =>
    raw.subscribe(subject, { callback: () => calls++ }),
  );
  await pause(MEASURED_MS);
  for (const count of counts) count.unsubscribe();
  await worker.drain();
  await connection.close();
  return calls / (MEASURED_MS / 1_000);
}

/** As long as the longest request is open: from then on each begins where another one ended. */
const SETTLED_MS = 10_000;
const MEASURED_MS = 30_000;

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
