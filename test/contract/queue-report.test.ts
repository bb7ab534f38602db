import { expect, test } from "vitest";
import { runRef } from "../../src/engine/run-id.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import type { QueueBacklog } from "../../src/ports/work-queue.ts";
import { Inbox } from "./support/inbox.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function submit(broker: Broker, place: string, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await broker.log.submit(runRef("f", key), place, bytes(`for ${key}`));
}

async function submissionOf(broker: Broker, key: string, place = "q"): Promise<Stored> {
  const stored = await broker.log.submission(runRef("f", key), place);
  if (stored === undefined) throw new Error(`${key} was not submitted`);
  return stored;
}

async function backlogOf(broker: Broker, queue: string): Promise<QueueBacklog | undefined> {
  return (await broker.queues.report()).find((backlog) => backlog.queue === queue);
}

onEveryAdapter("the report of a queue", (open) => {
  test("is there as soon as somebody has read the queue, and not before", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    await submit(broker, "q", "early");
    expect(await broker.queues.report()).toEqual([]);
    expect(await broker.queues.placeOf(await submissionOf(broker, "early"))).toBeUndefined();
    await Inbox.open(broker, { leaseMs, room: 0 });
    expect(await backlogOf(broker, "q")).toMatchObject({ waiting: 1, handedOut: 0, leaseMs });
  });

  test("counts what nobody was handed apart from what somebody has, and forgets what is acked", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs: leaseMs * 20, room: 2, kind: "new" });
    await submit(broker, "q", "a", "b", "c", "d", "e");
    await broker.log.put(runRef("f", "a"), "q", bytes("put"));
    await eventually(() => expect(inbox.deliveries.length).toBe(2));
    expect(await backlogOf(broker, "q")).toMatchObject({ waiting: 3, handedOut: 2, inputs: 1 });
    for (const delivery of inbox.deliveries) delivery.ack();
    await eventually(async () =>
      expect(await backlogOf(broker, "q")).toMatchObject({ waiting: 3, handedOut: 0 }),
    );
  });

  test("names the time of the oldest that waits, whatever was handed out before it", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs: leaseMs * 20, room: 1 });
    await submit(broker, "q", "taken");
    await eventually(() => expect(inbox.keys).toEqual(["taken"]));
    expect(await backlogOf(broker, "q")).toMatchObject({ waiting: 0, oldestAt: undefined });
    const from = Date.now();
    await eventually(() => expect(Date.now()).toBeGreaterThan(from + 5));
    await submit(broker, "q", "oldest", "younger");
    const to = Date.now();
    const { oldestAt = 0 } = (await backlogOf(broker, "q")) ?? {};
    expect(oldestAt).toBeGreaterThanOrEqual(from);
    expect(oldestAt).toBeLessThanOrEqual(to);
  });

  test("says up to where messages were handed out, and who asks for more", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs: leaseMs * 20, room: 1, kind: "in" });
    const [first, second] = [
      await broker.log.put(runRef("f", "a"), "q", bytes("one")),
      await broker.log.put(runRef("f", "a"), "q", bytes("two")),
    ];
    await eventually(() => expect(inbox.deliveries.length).toBe(1));
    const inputs = async () =>
      (await broker.queues.progress()).find(({ kind, place }) => kind === "in" && place === "q");
    const place = { partition: 0, kind: "in", place: "q" };
    expect(await inputs()).toEqual({ ...place, waiting: 1, openPulls: 0, handedOutUpTo: first });
    inbox.allow(5);
    await eventually(async () => {
      const found = await inputs();
      expect(found).toMatchObject({ waiting: 0, handedOutUpTo: second });
      expect(found?.openPulls).toBeGreaterThan(0);
    });
  });

  test("has the places for priorities in it: they are no queues of their own", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs, room: 0 });
    await inbox.reader.addSibling("q--high", "q");
    await submit(broker, "q", "normal");
    await submit(broker, "q--high", "urgent");
    expect(await broker.queues.report()).toMatchObject([{ queue: "q", waiting: 2 }]);
  });

  test("tells how many stand before a submission, those of other priorities too", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs: leaseMs * 20, room: 1 });
    await submit(broker, "q", "taken");
    await eventually(() => expect(inbox.keys).toEqual(["taken"]));
    await inbox.reader.addSibling("q--high", "q");
    await submit(broker, "q", "a", "b");
    await submit(broker, "q--high", "urgent");
    await submit(broker, "q", "c");
    const placeOf = async (key: string, place?: string): Promise<unknown> =>
      broker.queues.placeOf(await submissionOf(broker, key, place));
    expect(await placeOf("taken")).toEqual({ handedOut: true });
    expect(await placeOf("a")).toEqual({ handedOut: false, before: 0 });
    expect(await placeOf("b")).toEqual({ handedOut: false, before: 1 });
    expect(await placeOf("urgent", "q--high")).toEqual({ handedOut: false, before: 2 });
    expect(await placeOf("c")).toEqual({ handedOut: false, before: 3 });
    // Asking leaves nothing behind.
    expect(await broker.queues.report()).toMatchObject([{ queue: "q", waiting: 4 }]);
  });
});
