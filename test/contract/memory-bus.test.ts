/** What a test can do to the bus in memory, and no contract can: move its clock, break its writes, stop its readers. */
import { expect, test } from "vitest";
import { BrokerError } from "../../src/engine/usage-errors.ts";
import type { BusDelivery } from "../../src/ports/message-bus.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../src/testing/memory-connection.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";

const subjects = new BusSubjects("test");
const data = new TextEncoder().encode("x");

function stage(): { clock: ManualClock; broker: MemoryBroker; connection: MemoryConnection } {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock, latencyMs: () => 1 });
  return { clock, broker, connection: broker.connect() };
}

/** What is published for flow f, and what falls due for it. */
async function reading(clock: ManualClock, { bus }: MemoryConnection): Promise<BusDelivery[]> {
  const got: BusDelivery[] = [];
  const { published, ingress } = bus.streams;
  const read = (stream: string, filters: readonly string[]): Promise<unknown> =>
    clock.until(
      bus.consume({
        stream,
        consumer: "c",
        filters,
        leaseMs: 60_000,
        onMessage: (delivery) => void got.push(delivery),
      }),
    );
  await read(published, subjects.ofFlow("f"));
  await read(ingress, [subjects.scheduleDue("f", "*")]);
  return got;
}

test("orders, leases and give-backs keep the clock that the test moves", async () => {
  const { clock, connection } = stage();
  const got = await reading(clock, connection);
  const at = clock.now() + 86_400_000;
  const [subject, target] = [subjects.scheduleOrder("s"), subjects.scheduleDue("f", "s")];
  await clock.until(connection.bus.order({ subject, target, at, data }));
  await clock.advance(at - 1 - clock.now());
  expect(got).toEqual([]);
  await clock.advance(10);
  expect(got).toHaveLength(1);
  expect(got[0]?.storedAt).toBe(at);
  await clock.advance(59_000);
  expect(got).toHaveLength(1);
  await clock.advance(2_000);
  expect(got).toHaveLength(2);
  got[1]?.giveBack(5_000);
  await clock.advance(4_999);
  expect(got).toHaveLength(2);
  await clock.advance(10);
  expect(got[2]?.deliveries).toBe(3);
});

test("events are gone when they are as old as they may get, and an id is forgotten after two minutes", async () => {
  const { clock, connection } = stage();
  const { bus } = connection;
  const message = { subject: subjects.appEvent("a"), data, id: "same" };
  await clock.until(bus.publish(message));
  await clock.advance(119_000);
  expect(await clock.until(bus.publish(message))).toMatchObject({ isDuplicate: true });
  await clock.advance(2_000);
  expect(await clock.until(bus.publish(message))).toMatchObject({ isDuplicate: false });
  await clock.advance(7 * 86_400_000 - 60_000);
  const { events } = bus.streams;
  expect(await clock.until(bus.extent(events))).toMatchObject({ messages: 1, first: 2 });
  await clock.advance(60_000);
  expect(await clock.until(bus.extent(events))).toMatchObject({ messages: 0, first: 3, last: 2 });
});

test("a publish meets what a test lets go wrong, and its id makes the second try safe", async () => {
  const { clock, broker, connection } = stage();
  const kinds: string[] = [];
  broker.inject({
    beforeWrite: ({ kind }) => {
      kinds.push(kind);
      return kinds.length === 1 ? "ack lost" : "stored";
    },
  });
  const message = { subject: subjects.submit("f"), data, id: "one" };
  const lost = clock.until(connection.bus.publish(message));
  await expect(lost).rejects.toBeInstanceOf(BrokerError);
  const again = await clock.until(connection.bus.publish(message));
  expect(again).toMatchObject({ sequence: 1, isDuplicate: true });
  expect(kinds).toEqual(["publish", "publish"]);
});

test("what a crashed process had goes to another when its lease is over, what a stopped one had too", async () => {
  const { clock, broker, connection } = stage();
  const [stopped, living] = [broker.connect(), broker.connect()];
  const first = await reading(clock, connection);
  broker.publish(subjects.submit("f"), data);
  await clock.advance(10);
  expect(first).toHaveLength(1);
  connection.crash();
  const second = await reading(clock, stopped);
  await clock.advance(60_000);
  expect(second).toHaveLength(1);
  stopped.pause();
  const third = await reading(clock, living);
  await clock.advance(60_010);
  expect(third).toHaveLength(1);
  await clock.until(third[0]?.ack() ?? Promise.reject(new Error("Nothing came")));
  stopped.resume();
  await clock.until(second[0]?.ack() ?? Promise.reject(new Error("Nothing came")));
  await clock.advance(120_000);
  expect([...first, ...second, ...third]).toHaveLength(3);
});

test("what was on its way when the connection broke comes again, and an ack is sent until it is answered", async () => {
  const { clock, broker, connection } = stage();
  const got = await reading(clock, connection);
  broker.publish(subjects.submit("f"), data);
  connection.reconnect();
  await clock.advance(60_010);
  expect(got).toHaveLength(1);
  const acked = got[0]?.ack();
  connection.reconnect();
  await clock.until(acked ?? Promise.reject(new Error("Nothing came")));
  const { published } = connection.bus.streams;
  expect(await clock.until(connection.bus.extent(published))).toMatchObject({ messages: 0 });
});

test("a stream that a user has is read as it is", async () => {
  const { clock, broker, connection } = stage();
  broker.addStream("ORDERS", ["orders.>"]);
  expect(broker.publish("elsewhere", data)).toBeUndefined();
  expect(broker.publish("orders.1.created", data, { H: "v" })).toBe(1);
  const { bus } = connection;
  expect(await clock.until(bus.streamOf("orders.*.created"))).toBe("ORDERS");
  const message = await clock.until(bus.read("ORDERS", 1));
  expect(message?.headers.get("h")).toEqual(["v"]);
});
