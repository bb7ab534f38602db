/** Requests for messages that get lost on their way to the broker, while the connection stays. */
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw, type NatsConnection } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/connect.ts";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { JetStreamWorkQueues } from "../../src/jetstream/jetstream-work-queues.ts";
import { RunPlaces } from "../../src/jetstream/run-places.ts";
import type { DeliveryKind } from "../../src/ports/work-queue.ts";
import { Subjects } from "../../src/wire/subjects.ts";
import { until } from "../e2e/support/until.ts";

const QUEUE = "q";

/** The connection, on which what is published on some subjects gets lost as long as `isLost` says so. */
function losing(connection: NatsConnection, isLost: (subject: string) => boolean): NatsConnection {
  return new Proxy(connection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]) =>
        name === "publish" && isLost(String(args[0])) ? undefined : value.apply(target, args);
    },
  });
}

async function namespaceOnServer() {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lost-"));
  const server = await startNatsServer({ storeDir: join(directory, "store") });
  const namespace = `lost-${randomBytes(4).toString("hex")}`;
  const millrace = await connect({ servers: server.url, namespace });
  const raw = await connectRaw({ servers: server.url });
  onTestFinished(async () => {
    await millrace.close();
    await raw.close();
    await server.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  return { namespace, log: millrace.broker.log, raw };
}

test.for<DeliveryKind>(["in", "new"])(
  "a queue whose only request was lost is asked again, and gives what came meanwhile (%s)",
  async (kind) => {
    const { namespace, log, raw } = await namespaceOnServer();
    const subjects = new Subjects(namespace, [1]);
    let lost = 0;
    let isLosing = true;
    const connection = losing(raw, (subject) => {
      const isLost = isLosing && subject.endsWith(`.${kind}-${QUEUE}`) && subject.includes("NEXT");
      if (isLost) lost++;
      return isLost;
    });
    const queues = new JetStreamWorkQueues({
      connection,
      subjects,
      log,
      places: new RunPlaces(subjects, undefined as never),
      onReconnect: () => () => undefined,
      onTrouble: () => undefined,
    });
    const delivered: string[] = [];
    const reader = await queues.open({
      queues: [QUEUE],
      leaseMs: 1_000,
      room: () => 10,
      // One at a time, as for a queue with a limit.
      roomOf: () => 1,
      onDelivery: (delivery) => {
        delivered.push(delivery.run.id);
        delivery.ack();
      },
      onForeign: () => undefined,
    });
    onTestFinished(() => reader.stop());
    await until("a request was lost", () => lost > 0);
    isLosing = false;
    const run = parseRunId("work:a");
    if (kind === "in") await log.put(run, QUEUE, new Uint8Array([1]));
    else await log.submit(run, QUEUE, new Uint8Array([1]));
    await until("the message is handed out", () => delivered.length > 0, 30_000);
    expect(delivered).toEqual([run.id]);
  },
);
