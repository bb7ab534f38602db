/** The bus on a real broker, whatever is taken from under it. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connectBroker } from "../../src/jetstream/connect-broker.ts";
import { jsRequest } from "../../src/jetstream/js-request.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type { BusDelivery } from "../../src/ports/message-bus.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";
import { Child } from "./support/child-process.ts";
import { until } from "./support/until.ts";

const subjects = new BusSubjects("bus");
const filters = subjects.ofFlow("f");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("no message that was accepted is lost although the server is killed twice", async () => {
  const stage = await openStage();
  const [publisher, one, other] = [
    await stage.connect(),
    await stage.connect(),
    await stage.connect(),
  ];
  const seen = new Set<string>();
  for (const reader of [one, other]) {
    await reader.bus.consume({
      stream: reader.bus.streams.published,
      consumer: "c",
      filters,
      leaseMs: 2_000,
      onMessage: (delivery) => {
        seen.add(new TextDecoder().decode(delivery.data));
        delivery.ack().catch(() => undefined);
      },
    });
  }
  let accepted = 0;
  const publishing = Promise.all(
    Array.from({ length: 20 }, async (_, lane) => {
      for (let at = 0; at < 100; at++) {
        const id = `${lane}-${at}`;
        await untilAccepted(publisher, id);
        accepted++;
      }
    }),
  );
  for (const enough of [300, 1_000]) {
    await until(`${enough} are accepted`, () => accepted >= enough);
    await stage.killAndRestart();
  }
  await publishing;
  const { published } = publisher.bus.streams;
  await until("all are acked", async () => (await extentOf(publisher, published))?.messages === 0);
  expect(seen.size).toBe(2_000);
});

test("what was ordered and fell due while the server was away is stored when it is back", async () => {
  const stage = await openStage();
  const broker = await stage.connect();
  const seen = new Set<string>();
  await broker.bus.consume({
    stream: broker.bus.streams.ingress,
    consumer: "c",
    filters: [subjects.scheduleDue("f", "*")],
    onMessage: (delivery) => {
      seen.add(new TextDecoder().decode(delivery.data));
      delivery.ack().catch(() => undefined);
    },
  });
  const order = (name: string, afterMs: number): Promise<void> =>
    broker.bus.order({
      subject: subjects.scheduleOrder(name),
      target: subjects.scheduleDue("f", name),
      at: Date.now() + afterMs,
      data: bytes(name),
    });
  await order("soon", 200);
  await order("later", 3_000);
  await stage.killAndRestart();
  await until("both are seen", () => seen.size === 2);
  expect(seen).toEqual(new Set(["soon", "later"]));
});

test("a process that closes in the midst of consuming ends, and what it did not ack goes to others", async () => {
  const stage = await openStage();
  const broker = await stage.connect();
  for (let at = 0; at < 1_000; at++) {
    await broker.bus.publish({ subject: subjects.submit("f"), data: bytes(`${at}`) });
  }
  const settings = { servers: stage.url, namespace: "bus", count: 300 };
  const child = new Child("bus-reader.mjs", settings);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  const { published } = broker.bus.streams;
  // It acked 299, and the broker may still be at that.
  const left = await until("its acks are in", async () => {
    const { messages = 0 } = (await extentOf(broker, published)) ?? {};
    return messages === 701 && messages;
  });
  const seen = new Set<number>();
  await broker.bus.consume({
    stream: published,
    consumer: "reader",
    filters,
    leaseMs: 2_000,
    onMessage: (delivery) => {
      seen.add(delivery.sequence);
      delivery.ack().catch(() => undefined);
    },
  });
  await until("nothing is left", async () => (await extentOf(broker, published))?.messages === 0);
  expect(seen.size).toBe(left);
});

test("a consumer of a stream that is deleted and made again reads the new one from its beginning", async () => {
  const stage = await openStage();
  const broker = await stage.connect();
  const outside = await connect({ servers: stage.url });
  onTestFinished(() => outside.close());
  const { events } = broker.bus.streams;
  const seen: string[] = [];
  const emit = (text: string): Promise<unknown> =>
    until(`${text} is stored`, () =>
      broker.bus.publish({ subject: subjects.appEvent("a"), data: bytes(text), id: text }).then(
        () => true,
        () => false,
      ),
    );
  for (let at = 0; at < 20; at++) await emit(`old ${at}`);
  const options = {
    stream: events,
    consumer: "c",
    filters: [subjects.appEvent(">")],
    onMessage: (delivery: BusDelivery) => {
      seen.push(new TextDecoder().decode(delivery.data));
      delivery.ack().catch(() => undefined);
    },
  };
  const first = await broker.bus.consume(options);
  await until("all are read", () => seen.length === 20);
  await until("all are acked", async () => {
    const [consumer] = await broker.bus.consumers(events);
    return consumer?.handedOut === 0;
  });
  await first.stop();
  await broker.bus.consume(options);
  await jsRequest(outside, `STREAM.DELETE.${events}`, undefined);
  await stage.connect();
  for (let at = 0; at < 3; at++) await emit(`new ${at}`);
  await until("what is new is read", () => seen.length === 23);
  expect(seen.slice(20)).toEqual(["new 0", "new 1", "new 2"]);
});

test("a namespace that is older gets its streams from whoever connects, and a user's own stream is read as it is", async () => {
  const stage = await openStage();
  await stage.connect();
  const outside = await connect({ servers: stage.url });
  onTestFinished(() => outside.close());
  for (const stream of ["published", "ingress", "events"]) {
    await jsRequest(outside, `STREAM.DELETE.MR_bus_${stream}`, undefined);
  }
  // Work queues and streams without direct reads are the user's right.
  const config = { subjects: ["orders.>"], storage: "file", num_replicas: 1, retention: "limits" };
  await jsRequest(outside, "STREAM.CREATE.ORDERS", { name: "ORDERS", ...config });
  const jobs = { ...config, subjects: ["jobs.>"], retention: "workqueue" };
  await jsRequest(outside, "STREAM.CREATE.JOBS", { name: "JOBS", ...jobs });

  const { bus } = await stage.connect();
  expect(await extentOf({ bus }, bus.streams.published)).toMatchObject({ last: 0 });
  expect(await extentOf({ bus }, bus.streams.ingress)).toMatchObject({ last: 0 });
  expect(await extentOf({ bus }, bus.streams.events)).toMatchObject({ last: 0 });
  expect(await bus.streamOf("orders.*.created")).toBe("ORDERS");
  for (let at = 0; at < 5; at++) {
    outside.publish(`orders.${at}.created`, `${at}`);
    outside.publish(`jobs.${at}`, `${at}`);
  }
  await outside.flush();
  for (const [stream, filter] of [
    ["ORDERS", "orders.*.created"],
    ["JOBS", "jobs.*"],
  ] as const) {
    const scanned: number[] = [];
    for await (const batch of bus.scan(stream, { filters: [filter], after: 2 })) {
      scanned.push(...batch.map(({ sequence }) => sequence));
    }
    expect(scanned).toEqual([3, 4, 5]);
    const got: number[] = [];
    const onMessage = (delivery: { sequence: number; ack(): Promise<void> }): void => {
      got.push(delivery.sequence);
      void delivery.ack();
    };
    const reading = await bus.consume({ stream, consumer: "mine", filters: [filter], onMessage });
    await until(`${stream} is read`, () => got.length === 5);
    await bus.forget(stream, "mine");
    outside.publish(filter.replace("*", "6"), "6");
    await until(`${stream} is read on`, () => got.includes(6));
    await reading.stop();
  }
});

function extentOf({ bus }: Pick<Broker, "bus">, stream: string): ReturnType<typeof bus.extent> {
  return bus.extent(stream).catch(() => undefined);
}

/** Publishes again until it is confirmed: the id lets one of them be stored. */
async function untilAccepted({ bus }: Broker, id: string): Promise<void> {
  const message = { subject: subjects.submit("f"), data: bytes(id), id };
  await until(`${id} is accepted`, () =>
    bus.publish(message).then(
      () => true,
      () => false,
    ),
  );
}

interface Stage {
  readonly url: string;
  connect(): Promise<Broker>;
  killAndRestart(): Promise<void>;
}

async function openStage(): Promise<Stage> {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer = await startNatsServer({ storeDir });
  const brokers: Broker[] = [];
  onTestFinished(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await server.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  return {
    url: server.url,
    connect: async () => {
      const broker = await connectBroker({ servers: server.url, namespace: "bus" });
      brokers.push(broker);
      return broker;
    },
    killAndRestart: async () => {
      await server.kill();
      server = await startNatsServer({ storeDir, port: server.port });
    },
  };
}
