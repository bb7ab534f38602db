import { randomBytes } from "node:crypto";
import type { NatsConnection } from "@nats-io/nats-core";
import type { BrokerReport, WritesReport } from "./broker-report.ts";
import { jsRequest } from "./js-request.ts";

/** Writes to a stream made for it, which is removed again: the log of a namespace is for ever, and no place to try things. */
export async function measureWrites(
  connection: NatsConnection,
  replicas: number,
): Promise<BrokerReport["writes"]> {
  const name = `MRPROBE_${randomBytes(6).toString("hex")}`;
  const config = {
    name,
    description: "Millrace doctor measures a write; safe to delete",
    subjects: [`mrprobe.${name}`],
    storage: "file",
    num_replicas: replicas,
    max_age: 60_000_000_000,
    duplicate_window: 1_000_000_000,
  };
  try {
    await jsRequest(connection, `STREAM.CREATE.${name}`, config);
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
  try {
    return await measure(connection, `mrprobe.${name}`);
  } finally {
    await jsRequest(connection, `STREAM.DELETE.${name}`, undefined);
  }
}

const WRITES = 50;
const WARM_UP = 5;
const TIMEOUT_MS = 5_000;

async function measure(connection: NatsConnection, subject: string): Promise<WritesReport> {
  const payload = new Uint8Array(256);
  const times: number[] = [];
  for (let write = 0; write < WARM_UP + WRITES; write++) {
    const start = performance.now();
    await connection.request(subject, payload, { timeout: TIMEOUT_MS });
    if (write >= WARM_UP) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return {
    count: times.length,
    medianMs: times[Math.floor(times.length / 2)] ?? 0,
    slowestMs: times.at(-1) ?? 0,
  };
}
