/** Inputs that wait in an older layer of partitions: whose they are may have to be asked before they are handed on. */
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/connect.ts";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { partitionOf } from "../../src/engine/partition.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { JetStreamWorkQueues } from "../../src/jetstream/jetstream-work-queues.ts";
import type { RunPlaces } from "../../src/jetstream/run-places.ts";
import type { Delivery } from "../../src/ports/work-queue.ts";
import { Subjects } from "../../src/wire/subjects.ts";
import { until } from "../e2e/support/until.ts";

const QUEUE = "q";

test("an input whose lease ran out while it was asked whose it is does not count as fresh", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-layers-"));
  const server = await startNatsServer({ storeDir: join(directory, "store") });
  const namespace = `layers-${randomBytes(4).toString("hex")}`;
  const millrace = await connect({ servers: server.url, namespace, partitions: 2 });
  const raw = await connectRaw({ servers: server.url });
  onTestFinished(async () => {
    await millrace.close();
    await raw.close();
    await server.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  const run = ["a", "b", "c", "d", "e", "f"]
    .map((key) => parseRunId(`work:${key}`))
    .find((one) => partitionOf(one, 2) === 0);
  if (run === undefined) throw new Error("None of the runs is in partition 0");
  const lookUps: ((partition: number) => void)[] = [];
  const places: Pick<RunPlaces, "of" | "learn"> = {
    of: () => new Promise((resolve) => lookUps.push(resolve)),
    learn: () => undefined,
  };
  const queues = new JetStreamWorkQueues({
    connection: raw,
    subjects: new Subjects(namespace, [1, 1]),
    log: millrace.broker.log,
    places: places as RunPlaces,
    onReconnect: () => () => undefined,
    onTrouble: () => undefined,
  });
  const delivered: Delivery[] = [];
  const reader = await queues.open({
    queues: [QUEUE],
    leaseMs: 1_000,
    room: () => 10,
    onDelivery: (delivery) => delivered.push(delivery),
    onForeign: () => undefined,
  });
  onTestFinished(() => reader.stop());
  await millrace.broker.log.put(run, QUEUE, new Uint8Array([1]));
  // The broker hands it out once more: its lease is over.
  await until("it was looked up again", () => lookUps.length === 2, 30_000);
  for (const answer of lookUps) answer(0);
  await until("both were handed on", () => delivered.length === 2, 30_000);
  expect(delivered.map(({ redelivered, fresh }) => ({ redelivered, fresh }))).toEqual([
    { redelivered: false, fresh: false },
    { redelivered: true, fresh: false },
  ]);
});
