import { expect, onTestFinished, test } from "vitest";
import { BrokerError } from "../../src/engine/usage-errors.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type {
  BusDelivery,
  BusMessage,
  ConsumeOptions,
  ScanOptions,
} from "../../src/ports/message-bus.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = ({ data }: BusMessage): string => new TextDecoder().decode(data);

/** Consumes into a list; acks at once unless told not to. */
async function reading(
  broker: Broker,
  options: Partial<ConsumeOptions> & Pick<ConsumeOptions, "filters">,
  acks = true,
): Promise<{ readonly got: BusDelivery[]; readonly stop: () => Promise<void> }> {
  const got: BusDelivery[] = [];
  const consumption = await broker.bus.consume({
    stream: broker.bus.streams.published,
    consumer: "c",
    onMessage: (delivery) => {
      got.push(delivery);
      if (acks) void delivery.ack().catch(() => undefined);
    },
    ...options,
  });
  onTestFinished(() => consumption.stop());
  return { got, stop: () => consumption.stop() };
}

/** What falls due for flow f. */
function dueOf({ bus }: Broker, subjects: BusSubjects): Pick<ConsumeOptions, "stream" | "filters"> {
  return { stream: bus.streams.ingress, filters: [subjects.scheduleDue("f", "*")] };
}

async function scanned(
  broker: Broker,
  stream: string,
  options: ScanOptions = {},
): Promise<BusMessage[]> {
  const found: BusMessage[] = [];
  for await (const batch of broker.bus.scan(stream, options)) found.push(...batch);
  return found;
}

onEveryAdapter("the message bus", (open) => {
  const start = async (): Promise<{ broker: Broker; subjects: BusSubjects; leaseMs: number }> => {
    const { connect, namespace, leaseMs } = open();
    return { broker: await connect(), subjects: new BusSubjects(namespace), leaseMs };
  };

  test("gives a message back as it was published, with where it stands and when it was stored", async () => {
    const { broker, subjects } = await start();
    const before = Date.now();
    const subject = subjects.submit("f");
    const stored = await broker.bus.publish({
      subject,
      data: bytes("body"),
      headers: { "Millrace-Key": "käse", traceparent: "00-1" },
      id: "one",
    });
    const { published } = broker.bus.streams;
    expect(stored).toEqual({ stream: published, sequence: 1, isDuplicate: false });
    const { got } = await reading(broker, { filters: subjects.ofFlow("f") });
    await eventually(() => expect(got).toHaveLength(1));
    const [message] = got;
    expect(message && textOf(message)).toBe("body");
    expect(message).toMatchObject({ stream: published, sequence: 1, subject, deliveries: 1 });
    expect(Object.fromEntries(message?.headers ?? [])).toEqual({
      "nats-msg-id": ["one"],
      "millrace-key": ["käse"],
      traceparent: ["00-1"],
    });
    expect(Number.isInteger(message?.storedAt)).toBe(true);
    expect(Math.abs((message?.storedAt ?? 0) - before)).toBeLessThan(60_000);
  });

  test("tells the broker's time, which is not before what it stored and not after what it stores next", async () => {
    const { broker, subjects } = await start();
    const subject = subjects.appEvent("a");
    const stored = async (): Promise<number> => {
      const { stream } = await broker.bus.publish({ subject, data: bytes("x") });
      return (await broker.bus.last(stream, subject))?.storedAt ?? Number.NaN;
    };
    const before = await stored();
    const now = await broker.bus.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(await stored()).toBeGreaterThanOrEqual(Math.floor(now));
  });

  test("stores one of two messages with the same id, and says where", async () => {
    const { broker, subjects } = await start();
    const message = { subject: subjects.appEvent("a"), data: bytes("x"), id: "same" };
    const first = await broker.bus.publish(message);
    expect(await broker.bus.publish(message)).toEqual({ ...first, isDuplicate: true });
    expect(await broker.bus.extent(broker.bus.streams.events)).toMatchObject({ messages: 1 });
  });

  test("knows when a stream was made: before what is stored in it", async () => {
    const { broker, subjects } = await start();
    const { events } = broker.bus.streams;
    const { sequence } = await broker.bus.publish({
      subject: subjects.appEvent("a"),
      data: bytes("x"),
    });
    const stored = await broker.bus.read(events, sequence);
    const { createdAt } = (await broker.bus.extent(events)) ?? { createdAt: 0 };
    expect(createdAt).toBeGreaterThan((stored?.storedAt ?? 0) - 600_000);
    expect(createdAt).toBeLessThanOrEqual(stored?.storedAt ?? 0);
  });

  test("does not say of a message that no stream holds that it was stored", async () => {
    const { broker } = await start();
    const lost = broker.bus.publish({ subject: "nobody.has.this", data: bytes("x") });
    await expect(lost).rejects.toBeInstanceOf(BrokerError);
    broker.bus.tell({ subject: "nobody.has.this", data: bytes("x") });
  });

  test("refuses subjects that are patterns, and headers that would make others", async () => {
    const { broker, subjects } = await start();
    const data = bytes("x");
    for (const subject of ["a.*", "a.>", "a..b", "", "a b", "a.", "a\r\nb"]) {
      await expect(broker.bus.publish({ subject, data })).rejects.toMatchObject({
        code: "INVALID_NAME",
      });
      expect(() => broker.bus.tell({ subject, data })).toThrow(/not allowed/);
      await expect(broker.bus.withdraw(subject)).rejects.toMatchObject({ code: "INVALID_NAME" });
    }
    const subject = subjects.submit("f");
    for (const headers of [
      { "Nats-Rollup": "all" },
      { "nats-msg-id": "x" },
      { a: "b\r\nNats-Rollup: all" },
      { "a: b\r\nc": "d" },
      { "": "d" },
    ]) {
      const refused = broker.bus.publish({ subject, data, headers });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
    const id = broker.bus.publish({ subject, data, id: "a\nb" });
    await expect(id).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(await broker.bus.extent(broker.bus.streams.published)).toMatchObject({ last: 0 });
  });

  test("of writers that expect the same last message on a subject one succeeds", async () => {
    const { connect, namespace } = open();
    const brokers = [await connect(), await connect(), await connect()];
    const subject = new BusSubjects(namespace).deadIngress(7);
    const race = (expected: number): Promise<readonly string[]> =>
      Promise.all(
        brokers.map(async ({ bus }, at) => {
          const outcome = await bus.publishIf({ subject, data: bytes(`${at}`) }, expected);
          return outcome.status;
        }),
      );
    expect((await race(0)).toSorted()).toEqual(["conflict", "conflict", "written"]);
    const last = await brokers[0]?.bus.last(brokers[0].bus.streams.ingress, subject);
    expect((await race(last?.sequence ?? 0)).toSorted()).toEqual([
      "conflict",
      "conflict",
      "written",
    ]);
  });

  test("hands a message out again when its lease is over, to whoever reads", async () => {
    const { connect, namespace, leaseMs } = open();
    const [one, other] = [await connect(), await connect()];
    const subjects = new BusSubjects(namespace);
    const filters = subjects.ofFlow("f");
    const dead = await reading(one, { filters, leaseMs }, false);
    await other.bus.publish({ subject: subjects.submit("f"), data: bytes("x") });
    await eventually(() => expect(dead.got.length).toBeGreaterThan(0));
    await dead.stop();
    const { got } = await reading(other, { filters, leaseMs });
    await eventually(() => expect(got.map(textOf)).toEqual(["x"]));
    expect(got[0]?.deliveries).toBeGreaterThan(1);
  });

  test("keeps a message for as long as it is told to, and hands it out when it is given back", async () => {
    const { broker, subjects, leaseMs: shortest } = await start();
    // Longer than the machine stands still.
    const leaseMs = 3 * shortest;
    const { got } = await reading(broker, { filters: subjects.ofFlow("f"), leaseMs }, false);
    await broker.bus.publish({ subject: subjects.submit("f"), data: bytes("x") });
    await eventually(() => expect(got).toHaveLength(1));
    const keeping = setInterval(() => got[0]?.keep(), leaseMs / 15);
    await new Promise((resolve) => setTimeout(resolve, 1.5 * leaseMs));
    clearInterval(keeping);
    expect(got).toHaveLength(1);
    got[0]?.giveBack();
    await eventually(() => expect(got.length).toBeGreaterThan(1));
  });

  test("hands a message that was given back for a while out after that, not before", async () => {
    const { broker, subjects } = await start();
    const { got } = await reading(broker, { filters: subjects.ofFlow("f") }, false);
    await broker.bus.publish({ subject: subjects.submit("f"), data: bytes("x") });
    await eventually(() => expect(got).toHaveLength(1));
    const givenBackAt = performance.now();
    got[0]?.giveBack(300);
    await eventually(() => expect(got).toHaveLength(2));
    expect(performance.now() - givenBackAt).toBeGreaterThan(290);
    await got[1]?.ack();
    expect(await broker.bus.extent(broker.bus.streams.published)).toMatchObject({ messages: 0 });
  });

  test("shares a consumer's messages between all who open it, each message to one of them", async () => {
    const { connect, namespace } = open();
    const [one, other] = [await connect(), await connect()];
    const subjects = new BusSubjects(namespace);
    const filters = subjects.ofFlow("f");
    const [left, right] = [
      await reading(one, { filters, maxHeld: 5 }),
      await reading(other, { filters, maxHeld: 5 }),
    ];
    const texts = Array.from({ length: 200 }, (_, at) => `${at}`);
    await Promise.all(
      texts.map((text) => one.bus.publish({ subject: subjects.submit("f"), data: bytes(text) })),
    );
    await eventually(() => expect(left.got.length + right.got.length).toBe(200));
    expect(new Set([...left.got, ...right.got].map(textOf))).toEqual(new Set(texts));
    expect(left.got.length).toBeGreaterThan(0);
    expect(right.got.length).toBeGreaterThan(0);
    await eventually(async () =>
      expect(await one.bus.consumers(one.bus.streams.published)).toEqual([
        { name: "c", filters, waiting: 0, handedOut: 0 },
      ]),
    );
  });

  test("has no more messages in its hands than it may, and goes on when there is room", async () => {
    const { broker, subjects } = await start();
    for (let at = 0; at < 10; at++) {
      await broker.bus.publish({ subject: subjects.submit("f"), data: bytes(`${at}`) });
    }
    const filters = subjects.ofFlow("f");
    const { got } = await reading(broker, { filters, maxHeld: 3 }, false);
    await eventually(() => expect(got).toHaveLength(3));
    const { published } = broker.bus.streams;
    expect(await broker.bus.consumers(published)).toEqual([
      { name: "c", filters, waiting: 7, handedOut: 3 },
    ]);
    await got[0]?.ack();
    await eventually(() => expect(got).toHaveLength(4));
    for (let at = 1; at < 10; at++) {
      await eventually(() => expect(got.length).toBeGreaterThan(at));
      await got[at]?.ack();
    }
    expect(await broker.bus.extent(published)).toMatchObject({ messages: 0, last: 10 });
  });

  test("keeps what comes in until it is acked, and what is told of after that too", async () => {
    const { broker, subjects } = await start();
    const { published, events } = broker.bus.streams;
    await broker.bus.publish({ subject: subjects.submit("f"), data: bytes("in") });
    await broker.bus.publish({ subject: subjects.appEvent("a"), data: bytes("out") });
    const incoming = await reading(broker, { filters: subjects.ofFlow("f") });
    const outgoing = await reading(broker, { stream: events, filters: [subjects.appEvent(">")] });
    await eventually(() => {
      expect(incoming.got).toHaveLength(1);
      expect(outgoing.got).toHaveLength(1);
    });
    await eventually(async () =>
      expect(await broker.bus.extent(published)).toMatchObject({ messages: 0, first: 2, last: 1 }),
    );
    expect(await broker.bus.extent(events)).toMatchObject({ messages: 1, first: 1, last: 1 });
  });

  test("refuses a second consumer of the same incoming messages", async () => {
    const { broker, subjects } = await start();
    await reading(broker, { filters: subjects.ofFlow("f") });
    await reading(broker, { filters: subjects.ofFlow("g"), consumer: "d" });
    const filters = [subjects.submit("*")];
    await expect(reading(broker, { filters, consumer: "e" })).rejects.toBeInstanceOf(BrokerError);
    await expect(
      reading(broker, { filters: ["mr.>"], consumer: "h", from: "now" }),
    ).rejects.toMatchObject({ code: "INVALID_OPTION" });
    const nowhere = reading(broker, { filters: [">"], stream: "NO_SUCH_STREAM" });
    await expect(nowhere).rejects.toBeInstanceOf(BrokerError);
  });

  test("a consumer begins where it is told to, and goes on where it was when it is opened again", async () => {
    const { broker, subjects } = await start();
    const { events: stream } = broker.bus.streams;
    const filters = [subjects.appEvent(">")];
    const tell = (text: string): Promise<unknown> =>
      broker.bus.publish({ subject: subjects.appEvent("a"), data: bytes(text) });
    await tell("1");
    const all = await reading(broker, { stream, filters });
    const late = await reading(broker, { stream, filters, consumer: "late", from: "now" });
    await tell("2");
    await eventually(() => {
      expect(all.got.map(textOf)).toEqual(["1", "2"]);
      expect(late.got.map(textOf)).toEqual(["2"]);
    });
    await all.got[1]?.ack();
    await late.got[0]?.ack();
    await Promise.all([all.stop(), late.stop()]);
    await tell("3");
    const again = await reading(broker, { stream, filters, consumer: "late", from: "now" });
    await eventually(() => expect(again.got.map(textOf)).toEqual(["3"]));
  });

  test("a consumer that begins at a time reads what was stored since", async () => {
    const { broker, subjects } = await start();
    const { events: stream } = broker.bus.streams;
    const tell = (text: string): Promise<{ sequence: number }> =>
      broker.bus.publish({ subject: subjects.appEvent("a"), data: bytes(text) });
    const { sequence } = await tell("1");
    const before = await broker.bus.read(stream, sequence);
    let second = await tell("2");
    // Until the clock has moved between the two.
    while ((await broker.bus.read(stream, second.sequence))?.storedAt === before?.storedAt) {
      await broker.bus.remove(stream, second.sequence);
      await new Promise((resolve) => setImmediate(resolve));
      second = await tell("2");
    }
    const from = (await broker.bus.read(stream, second.sequence))?.storedAt ?? Number.NaN;
    const { got } = await reading(broker, { stream, filters: [subjects.appEvent(">")], from });
    await tell("3");
    await eventually(() => expect(got.map(textOf)).toEqual(["2", "3"]));
  });

  test("a consumer that is opened with other filters reads by them from then on", async () => {
    const { broker, subjects } = await start();
    const { events: stream } = broker.bus.streams;
    const first = await reading(broker, { stream, filters: [subjects.appEvent("a")] });
    await broker.bus.publish({ subject: subjects.appEvent("a"), data: bytes("a") });
    await eventually(() => expect(first.got).toHaveLength(1));
    await first.got[0]?.ack();
    await first.stop();
    const filters = [subjects.appEvent("b"), subjects.appEvent("c.*")];
    const { got } = await reading(broker, { stream, filters });
    for (const type of ["a", "b", "c.d"]) {
      await broker.bus.publish({ subject: subjects.appEvent(type), data: bytes(type) });
    }
    await eventually(() => expect(got.map(textOf)).toEqual(["b", "c.d"]));
    expect((await broker.bus.consumers(stream))[0]?.filters).toEqual(filters);
  });

  test("a consumer that somebody removes comes back, and nothing is lost", async () => {
    const { broker, subjects } = await start();
    const { published, events } = broker.bus.streams;
    const incoming = await reading(broker, { filters: subjects.ofFlow("f") });
    const filters = [subjects.appEvent(">")];
    const outgoing = await reading(broker, { stream: events, filters, consumer: "o", from: "now" });
    const tell = async (text: string): Promise<void> => {
      await broker.bus.publish({ subject: subjects.submit("f"), data: bytes(text) });
      await broker.bus.publish({ subject: subjects.appEvent("a"), data: bytes(text) });
    };
    await tell("1");
    await eventually(() => expect(outgoing.got).toHaveLength(1));
    await broker.bus.forget(published, "c");
    await broker.bus.forget(events, "o");
    await tell("2");
    await eventually(() => {
      expect(incoming.got.map(textOf)).toContain("2");
      expect(outgoing.got.map(textOf)).toContain("2");
    });
    await broker.bus.forget(events, "not-there");
    await broker.bus.forget("NO_SUCH_STREAM", "not-there");
  });

  test("stops fetching when it is told to; what was delivered can still be acked", async () => {
    const { broker, subjects } = await start();
    const { got, stop } = await reading(broker, { filters: subjects.ofFlow("f") }, false);
    await broker.bus.publish({ subject: subjects.submit("f"), data: bytes("1") });
    await eventually(() => expect(got).toHaveLength(1));
    await stop();
    await broker.bus.publish({ subject: subjects.submit("f"), data: bytes("2") });
    await got[0]?.ack();
    const { published } = broker.bus.streams;
    expect(await broker.bus.extent(published)).toMatchObject({ messages: 1 });
    const next = await reading(broker, { filters: subjects.ofFlow("f") });
    await eventually(() => expect(next.got.map(textOf)).toEqual(["2"]));
    expect(got).toHaveLength(1);
  });

  test("stores what was ordered on its target at its time, never before, and once", async () => {
    const { broker, subjects } = await start();
    const { got } = await reading(broker, { ...dueOf(broker, subjects) });
    const at = Date.now() + 2_500;
    const [subject, target] = [subjects.scheduleOrder("s"), subjects.scheduleDue("f", "s")];
    const headers = { "Millrace-Due": "x" };
    await broker.bus.order({ subject, target, at, data: bytes("due"), headers });
    const { ingress } = broker.bus.streams;
    expect((await broker.bus.last(ingress, subject))?.sequence).toBe(1);
    await eventually(() => expect(got).toHaveLength(1));
    expect(Date.now()).toBeGreaterThanOrEqual(at);
    expect(got[0]?.subject).toBe(target);
    expect(got[0] && textOf(got[0])).toBe("due");
    expect(got[0]?.headers.get("millrace-due")).toEqual(["x"]);
    await got[0]?.ack();
    await eventually(async () =>
      expect(await broker.bus.subjects(ingress, ">")).toEqual(new Map()),
    );
  });

  test("a later order on the same subject takes the place of the earlier one; a withdrawn one is none", async () => {
    const { broker, subjects } = await start();
    const { got } = await reading(broker, { ...dueOf(broker, subjects) });
    const order = (schedule: string, text: string, afterMs: number): Promise<void> =>
      broker.bus.order({
        subject: subjects.scheduleOrder(schedule),
        target: subjects.scheduleDue("f", schedule),
        at: Date.now() + afterMs,
        data: bytes(text),
      });
    await order("s", "first", 2_000);
    await order("s", "second", 2_500);
    await order("t", "withdrawn", 2_200);
    await broker.bus.withdraw(subjects.scheduleOrder("t"));
    await broker.bus.withdraw(subjects.scheduleOrder("never ordered".replace(" ", "-")));
    await order("u", "last", 3_300);
    await eventually(() => expect(got.map(textOf)).toContain("last"));
    expect(got.map(textOf)).toEqual(["second", "last"]);
  });

  test("what was ordered for a time that is over is stored at once", async () => {
    const { broker, subjects } = await start();
    const [subject, target] = [subjects.scheduleOrder("s"), subjects.scheduleDue("f", "s")];
    await broker.bus.order({ subject, target, at: Date.now() - 60_000, data: bytes("late") });
    const { got } = await reading(broker, { ...dueOf(broker, subjects) });
    await eventually(() => expect(got.map(textOf)).toEqual(["late"]));
  });

  test("orders nothing on a subject that others publish on, and nothing there for later", async () => {
    const { broker, subjects } = await start();
    const order = { at: Date.now() + 60_000, data: bytes("x") };
    const [own, others] = [subjects.scheduleOrder("s"), subjects.submit("f")];
    for (const [subject, target] of [
      [own, others],
      [others, subjects.scheduleDue("f", "s")],
      [others, subjects.submit("g")],
    ] as const) {
      const refused = broker.bus.order({ ...order, subject, target });
      await expect(refused).rejects.toBeInstanceOf(BrokerError);
    }
    const { published, ingress } = broker.bus.streams;
    for (const stream of [published, ingress]) {
      expect(await broker.bus.extent(stream)).toMatchObject({ messages: 0 });
    }
  });

  test("scans what stands there by place, time and subject, and leaves no consumer behind", async () => {
    const { broker, subjects } = await start();
    const { published, events } = broker.bus.streams;
    for (const stream of [published, events]) {
      const on = (name: string): string =>
        stream === published ? subjects.submit(name) : subjects.appEvent(name);
      for (const name of ["a", "b", "a", "c"]) {
        await broker.bus.publish({ subject: on(name), data: bytes(name), headers: { H: name } });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      const since = Date.now();
      await broker.bus.publish({ subject: on("b"), data: bytes("late") });
      expect((await scanned(broker, stream)).map(textOf)).toEqual(["a", "b", "a", "c", "late"]);
      const after = await scanned(broker, stream, { after: 2, maxBatch: 1 });
      expect(after.map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
      expect(after[0]).toEqual(await broker.bus.read(stream, 3));
      expect(Object.fromEntries(after[0]?.headers ?? [])).toEqual({ h: ["a"] });
      const one = await scanned(broker, stream, { filters: [on("b")] });
      expect(one.map(textOf)).toEqual(["b", "late"]);
      const two = await scanned(broker, stream, { filters: [on("b"), on("c")], after: 2 });
      expect(two.map(textOf)).toEqual(["c", "late"]);
      expect((await scanned(broker, stream, { since })).map(textOf)).toEqual(["late"]);
      expect(await scanned(broker, stream, { since, after: 5 })).toEqual([]);
      expect(await scanned(broker, stream, { since: Date.now() + 60_000 })).toEqual([]);
      expect(await broker.bus.consumers(stream)).toEqual([]);
    }
    expect(await scanned(broker, "NO_SUCH_STREAM")).toEqual([]);
  });

  test("scans thousands of messages, large ones too, past those that were removed", async () => {
    const { broker, subjects } = await start();
    const { events } = broker.bus.streams;
    const subject = subjects.appEvent("a");
    await Promise.all(
      Array.from({ length: 1_200 }, (_, at) =>
        broker.bus.publish({ subject, data: new Uint8Array(at % 100 === 0 ? 300_000 : 20) }),
      ),
    );
    for (const sequence of [1, 600, 1_200]) await broker.bus.remove(events, sequence);
    await broker.bus.remove(events, 600);
    await broker.bus.remove("NO_SUCH_STREAM", 1);
    const found = await scanned(broker, events);
    expect(found.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 1_200 }, (_, at) => at + 1).filter(
        (sequence) => ![1, 600, 1_200].includes(sequence),
      ),
    );
    expect(await broker.bus.read(events, 600)).toBeUndefined();
  });

  test("counts what stands on each subject, and finds the last on one", async () => {
    const { broker, subjects } = await start();
    const { published } = broker.bus.streams;
    for (const flow of ["a", "b", "a"]) {
      await broker.bus.publish({ subject: subjects.submit(flow), data: bytes(flow) });
    }
    await broker.bus.publish({ subject: subjects.cancel("a", "k"), data: bytes("x") });
    expect(await broker.bus.subjects(published, subjects.submit("*"))).toEqual(
      new Map([
        [subjects.submit("a"), 2],
        [subjects.submit("b"), 1],
      ]),
    );
    expect(await broker.bus.subjects(published, subjects.submit("nobody"))).toEqual(new Map());
    expect(await broker.bus.subjects("NO_SUCH_STREAM", ">")).toEqual(new Map());
    expect((await broker.bus.last(published, subjects.submit("a")))?.sequence).toBe(3);
    expect(await broker.bus.last(published, subjects.submit("nobody"))).toBeUndefined();
    expect(await broker.bus.extent("NO_SUCH_STREAM")).toBeUndefined();
  });

  test("captures subjects for many processes at a time, each for good", async () => {
    const { connect, namespace } = open();
    const broker = await connect();
    const brokers = [broker, await connect(), await connect()];
    const { captured } = broker.bus.streams;
    expect(await broker.bus.extent(captured)).toBeUndefined();
    const subjects = ["orders.*.created", "orders.*.paid", "stock.>", "a.b.c"];
    await Promise.all(
      brokers.flatMap(({ bus }, at) =>
        subjects.map((subject) => bus.capture(`${namespace}.${at}.${subject}`)),
      ),
    );
    for (const at of [0, 1, 2]) {
      for (const subject of ["orders.*.created", "orders.7.paid", "stock.x.y", "a.b.c"]) {
        expect(await broker.bus.streamOf(`${namespace}.${at}.${subject}`)).toBe(captured);
      }
    }
    const outside = `${namespace}.0.orders.7.created`;
    expect((await broker.bus.publish({ subject: outside, data: bytes("o") })).stream).toBe(
      captured,
    );
    const { got } = await reading(broker, {
      stream: captured,
      filters: [`${namespace}.0.orders.*.created`],
    });
    await eventually(() => expect(got.map(textOf)).toEqual(["o"]));
  });

  test("captures subjects that overlap with captured ones, and none that another stream holds", async () => {
    const { connect, namespace } = open();
    const { bus } = await connect();
    for (const subject of ["x.*.c", "x.b.*", "x.b.c", "y.1", "y.>", "y.1"]) {
      await bus.capture(`${namespace}.${subject}`);
    }
    for (const subject of ["x.1.c", "x.b.1", "x.b.*", "y.1", "y.2.3"]) {
      expect(await bus.streamOf(`${namespace}.${subject}`)).toBe(bus.streams.captured);
    }
    const { events, published } = bus.streams;
    const taken = new BusSubjects(namespace);
    expect(await bus.streamOf(taken.appEvent("a.b"))).toBe(events);
    expect(await bus.streamOf(taken.submit("*"))).toBe(published);
    expect(await bus.streamOf(`${namespace}.nobody`)).toBeUndefined();
    expect(await bus.streamOf(`millrace.${namespace}.>`)).toBeUndefined();
    await expect(bus.capture(`millrace.${namespace}.>`)).rejects.toBeInstanceOf(BrokerError);
    await expect(bus.capture("a..b")).rejects.toMatchObject({ code: "INVALID_NAME" });
    // What was refused stands in nobody's way.
    await bus.capture(`${namespace}.z`);
    expect(await bus.streamOf(`${namespace}.z`)).toBe(bus.streams.captured);
  });

  test("keeps events for as long as it is told to, and as many", async () => {
    const { broker, subjects } = await start();
    const { events } = broker.bus.streams;
    expect(await broker.bus.retention()).toEqual({
      maxAgeMs: 7 * 86_400_000,
      maxBytes: 1_073_741_824,
    });
    for (let at = 0; at < 10; at++) {
      await broker.bus.publish({ subject: subjects.appEvent("a"), data: new Uint8Array(1_000) });
    }
    await broker.bus.retain({ maxAgeMs: 0, maxBytes: 5_000 });
    expect(await broker.bus.retention()).toEqual({ maxAgeMs: 0, maxBytes: 5_000 });
    await eventually(async () =>
      expect((await broker.bus.extent(events))?.messages).toBeLessThan(6),
    );
    await broker.bus.retain({ maxAgeMs: 1_000, maxBytes: 0 });
    expect(await broker.bus.retention()).toEqual({ maxAgeMs: 1_000, maxBytes: 0 });
    await eventually(async () =>
      expect(await broker.bus.extent(events)).toMatchObject({ messages: 0, last: 10 }),
    );
    const odd = broker.bus.retain({ maxAgeMs: 1_500, maxBytes: 0 });
    await expect(odd).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  test("leaves an existing retention alone when somebody connects", async () => {
    const { connect } = open();
    const first = await connect();
    await first.bus.retain({ maxAgeMs: 3_600_000, maxBytes: 7_000_000 });
    const second = await connect();
    expect(await second.bus.retention()).toEqual({ maxAgeMs: 3_600_000, maxBytes: 7_000_000 });
  });

  test("says that the connection is closed when it is, to whoever acks or publishes", async () => {
    const { broker, subjects } = await start();
    const { got } = await reading(broker, { filters: subjects.ofFlow("f") }, false);
    await broker.bus.publish({ subject: subjects.submit("f"), data: bytes("x") });
    await eventually(() => expect(got).toHaveLength(1));
    await broker.close();
    const closed = { code: "CONNECTION_CLOSED" };
    await expect(got[0]?.ack()).rejects.toMatchObject(closed);
    got[0]?.giveBack();
    const publish = broker.bus.publish({ subject: subjects.submit("f"), data: bytes("x") });
    await expect(publish).rejects.toMatchObject(closed);
    await expect(scanned(broker, broker.bus.streams.events)).rejects.toMatchObject(closed);
  });
});
