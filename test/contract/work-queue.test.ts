import { expect, onTestFinished, test } from "vitest";
import { type RunRef, runRef } from "../../src/engine/run-id.ts";
import { SettingsMismatchError } from "../../src/engine/usage-errors.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type { Lease, LeaseKeeper } from "../../src/ports/leases.ts";
import type { Delivery, DeliveryKind } from "../../src/ports/work-queue.ts";
import { Inbox } from "./support/inbox.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** For tests that wait for no lapse: nothing is handed out again because the machine stood still. */
const LONG_LEASE_MS = 60_000;

type Freshness = Partial<Record<DeliveryKind, boolean>>;

async function submit(broker: Broker, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await broker.log.submit(runRef("f", key), "q", bytes(`for ${key}`));
}

async function keeperOf(broker: Broker, leaseMs: number): Promise<LeaseKeeper> {
  const keeper = await broker.peers.openLeases("worker-of-this-test", {
    leaseMs,
    maxBlockedMs: 60_000,
    watch: false,
  });
  onTestFinished(() => keeper.close());
  return keeper;
}

onEveryAdapter("a work queue", (open) => {
  test("hands out a submission and an input with all that is known of them", async () => {
    const { connect } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs: LONG_LEASE_MS });
    const run = runRef("f", "key with spaces");
    await broker.log.submit(run, "q", bytes("submitted"));
    await eventually(() => expect(inbox.deliveries).toHaveLength(1));
    const put = await broker.log.put(run, "q", bytes("put"));
    await eventually(() => expect(inbox.deliveries).toHaveLength(2));
    const [submission, input] = inbox.deliveries;
    const stored = await broker.log.submission(run, "q");
    expect(submission).toMatchObject({
      kind: "new",
      run,
      queue: "q",
      partition: 0,
      redelivered: false,
    });
    expect(submission?.sequence).toBe(stored?.sequence);
    expect(submission?.subject).toBe(stored?.subject);
    expect(new TextDecoder().decode(submission?.data)).toBe("submitted");
    expect(input).toMatchObject({ kind: "in", run, queue: "q", sequence: put, redelivered: false });
    for (const delivery of inbox.deliveries) delivery.ack();
  });

  test("calls fresh what it hands out at once", async () => {
    const { connect } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs: LONG_LEASE_MS });
    // On a machine that stands still for a second one may come late, but not each.
    for (let sent = 1; sent <= 5 && !inbox.deliveries.some(({ fresh }) => fresh); sent++) {
      await submit(broker, `k${sent}`);
      await eventually(() => expect(inbox.deliveries).toHaveLength(sent));
    }
    expect(inbox.deliveries.at(-1)?.fresh).toBe(true);
  });

  test("keeps the lease it was made with: another one is refused, none is taken over", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const first = await Inbox.open(broker, { leaseMs });
    expect(first.reader.leaseMs).toBe(leaseMs);
    expect((await Inbox.open(await connect(), { leaseMs })).reader.leaseMs).toBe(leaseMs);
    expect((await Inbox.open(await connect())).reader.leaseMs).toBe(leaseMs);
    const refused = Inbox.open(broker, { leaseMs: leaseMs * 2 });
    await expect(refused).rejects.toThrow(SettingsMismatchError);
    await expect(refused).rejects.toThrow(`asked for ${leaseMs * 2} ms`);
  });

  test("takes a queue with whatever lease it has beside one whose lease is asked for", async () => {
    const { connect, leaseMs } = open();
    await Inbox.open(await connect(), { queue: "shared", leaseMs });
    const reader = await (await connect()).queues.open({
      queues: ["own", "shared"],
      leaseMs: leaseMs * 2,
      anyLease: ["shared"],
      room: () => 0,
      onDelivery: () => undefined,
      onForeign: () => undefined,
    });
    // Whoever keeps messages of both renews them in time for the shorter one.
    expect(reader.leaseMs).toBe(leaseMs);
    expect((await Inbox.open(await connect(), { queue: "own" })).reader.leaseMs).toBe(leaseMs * 2);
    await reader.stop();
  });

  test("has a lease of 5 s when nobody says otherwise", async () => {
    const inbox = await Inbox.open(await open().connect());
    expect(inbox.reader.leaseMs).toBe(5_000);
  });

  test("hands out messages from before it existed, and does not call them fresh", async () => {
    const { connect } = open();
    const broker = await connect();
    await submit(broker, "early-1", "early-2");
    const inbox = await Inbox.open(broker, { leaseMs: LONG_LEASE_MS });
    await eventually(() => expect([...inbox.keys].toSorted()).toEqual(["early-1", "early-2"]));
    expect(inbox.deliveries.map(({ fresh }) => fresh)).toEqual([false, false]);
    expect(inbox.deliveries.map(({ redelivered }) => redelivered)).toEqual([false, false]);
  });

  test("an input that has waited is as fresh as ever: exchanged for a new one, it would only wait again", async () => {
    const { connect } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs: 20_000, room: 0 });
    const takeAfterWaiting = async (run: RunRef): Promise<Freshness> => {
      inbox.allow(0);
      await broker.log.put(run, "q", bytes("put"));
      await broker.log.submit(run, "q", bytes("submitted"));
      const waitedUntil = Date.now() + 1_200;
      await eventually(() => expect(Date.now()).toBeGreaterThan(waitedUntil));
      inbox.allow(2);
      const mine = (): Delivery[] => inbox.deliveries.filter(({ run: { key } }) => key === run.key);
      await eventually(() => expect(mine()).toHaveLength(2));
      for (const delivery of mine()) delivery.ack();
      return Object.fromEntries(mine().map((one) => [one.kind, one.fresh])) as Freshness;
    };
    // A queue that nobody watched for 3 s is looked at anew, and what waited there counts as fresh no more: that may happen
    // to a round on a busy machine, but not to each.
    let fresh: Freshness = {};
    for (let round = 0; round < 5 && !fresh.in; round++) {
      fresh = await takeAfterWaiting(runRef("f", `k${round}`));
      expect(fresh.new).toBe(false);
    }
    expect(fresh).toEqual({ in: true, new: false });
  });

  test("hands each message to one of several readers", async () => {
    const { connect } = open();
    const options = {
      leaseMs: LONG_LEASE_MS,
      onDelivery: (delivery: Delivery): void => delivery.ack(),
    };
    const inboxes = [
      await Inbox.open(await connect(), options),
      await Inbox.open(await connect(), options),
    ];
    const keys = Array.from({ length: 50 }, (_, at) => `k${at}`);
    await submit(await connect(), ...keys);
    const all = (): string[] => inboxes.flatMap((inbox) => [...inbox.keys]);
    await eventually(() => expect(all().toSorted()).toEqual(keys.toSorted()));
  });

  test("hands out again what is neither acked nor kept for one lease, to anybody, as redelivered", async () => {
    const { connect, leaseMs } = open();
    const first = await Inbox.open(await connect(), { leaseMs, room: 1 });
    await submit(await connect(), "left");
    await eventually(() => expect(first.keys).toEqual(["left"]));
    const second = await Inbox.open(await connect(), { leaseMs, room: 1 });
    await eventually(() => expect(second.keys).toEqual(["left"]));
    const [delivery] = second.deliveries;
    expect(delivery).toMatchObject({ redelivered: true, fresh: false });
    expect(delivery?.sequence).toBe(first.deliveries[0]?.sequence);
    delivery?.ack();
  });

  test("never hands out again what was acked", async () => {
    const { connect, leaseMs } = open();
    const inbox = await Inbox.open(await connect(), {
      leaseMs,
      onDelivery: (delivery) => {
        if (delivery.run.key === "acked") delivery.ack();
      },
    });
    await submit(await connect(), "acked", "left");
    // The other message lapses twice: by then the acked one would have come again too.
    await eventually(() => expect(inbox.times("left")).toBeGreaterThan(2));
    expect(inbox.times("acked")).toBe(1);
  });

  test("takes a late ack by whoever had the message before for everybody's", async () => {
    const { connect, leaseMs: shortest } = open();
    // The ack is late for the first one, and must not be for the second.
    const leaseMs = 3 * shortest;
    const broker = await connect();
    const first = await Inbox.open(broker, { leaseMs, room: 2 });
    await submit(broker, "late", "left");
    await eventually(() => expect(first.deliveries).toHaveLength(2));
    const second = await Inbox.open(await connect(), { leaseMs });
    await eventually(() => expect([...second.keys].toSorted()).toEqual(["late", "left"]));
    first.deliveries.find(({ run }) => run.key === "late")?.ack();
    await eventually(() => expect(second.times("left")).toBeGreaterThan(2));
    expect(second.times("late")).toBe(1);
  });

  test("hands out at once what is given back", async () => {
    const { connect } = open();
    // With a lease this long only the giving back can bring it again in time.
    const inbox = await Inbox.open(await connect(), {
      leaseMs: LONG_LEASE_MS,
      onDelivery: (delivery) => (delivery.redelivered ? delivery.ack() : delivery.giveBack()),
    });
    await submit(await connect(), "given-back");
    await eventually(() => expect(inbox.keys).toEqual(["given-back", "given-back"]));
    expect(inbox.deliveries.map(({ redelivered }) => redelivered)).toEqual([false, true]);
    expect(inbox.deliveries[1]?.fresh).toBe(false);
  });

  test("hands out no more than was asked for, and the rest when more is asked for", async () => {
    const { connect } = open();
    const acked = { leaseMs: LONG_LEASE_MS, onDelivery: (delivery: Delivery) => delivery.ack() };
    const broker = await connect();
    const narrow = await Inbox.open(broker, { ...acked, room: 2 });
    await submit(broker, "a", "b", "c", "d", "e");
    await eventually(() => expect(narrow.deliveries).toHaveLength(2));
    narrow.allow(1);
    await eventually(() => expect(narrow.deliveries).toHaveLength(3));
    const wide = await Inbox.open(await connect(), acked);
    await eventually(() => expect(wide.deliveries).toHaveLength(2));
    expect(narrow.deliveries).toHaveLength(3);
  });

  test("asks for room by kind: who takes no submissions still gets inputs", async () => {
    const { connect } = open();
    const leaseMs = LONG_LEASE_MS;
    const broker = await connect();
    const inbox = await Inbox.open(broker, { leaseMs, kind: "in" });
    await submit(broker, "submitted");
    await broker.log.put(runRef("f", "put"), "q", bytes("input"));
    await eventually(() => expect(inbox.keys).toEqual(["put"]));
    const all = await Inbox.open(await connect(), { leaseMs, kind: "new" });
    await eventually(() => expect(all.keys).toEqual(["submitted"]));
    expect(inbox.times("submitted")).toBe(0);
  });

  test("does not hand out again what is kept, however long, until it is let go", async () => {
    const { connect, leaseMs: shortest } = open();
    // Longer than the machine stands still.
    const leaseMs = 3 * shortest;
    const broker = await connect();
    const keeper = await keeperOf(broker, leaseMs);
    let lease: Lease | undefined;
    const inbox = await Inbox.open(broker, {
      leaseMs,
      onDelivery: (delivery) => {
        if (delivery.run.key === "kept") lease ??= keeper.keep(delivery);
      },
    });
    await submit(broker, "kept");
    await eventually(() => expect(inbox.keys).toEqual(["kept"]));
    await submit(broker, "left");
    await eventually(() => expect(inbox.times("left")).toBeGreaterThan(2));
    expect(inbox.times("kept")).toBe(1);
    lease?.letGo();
    await eventually(() => expect(inbox.times("kept")).toBeGreaterThan(1));
  });

  test("lets the leases of a closed keeper run out", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const keeper = await keeperOf(broker, leaseMs);
    const inbox = await Inbox.open(broker, {
      leaseMs,
      onDelivery: (delivery) => keeper.keep(delivery),
    });
    await submit(broker, "orphan");
    await eventually(() => expect(inbox.times("orphan")).toBe(1));
    await keeper.close();
    await eventually(() => expect(inbox.times("orphan")).toBeGreaterThan(1));
  });

  test("leaves with the reader what it had when it stopped, and gives the rest to others", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const keeper = await keeperOf(broker, leaseMs);
    const first = await Inbox.open(broker, {
      leaseMs,
      onDelivery: (delivery) => keeper.keep(delivery),
    });
    await submit(broker, "before");
    await eventually(() => expect(first.keys).toEqual(["before"]));
    await first.reader.stop();
    await submit(broker, "after");
    const second = await Inbox.open(await connect(), { leaseMs });
    await eventually(() => expect(second.times("after")).toBeGreaterThan(1));
    expect(first.keys).toEqual(["before"]);
    expect(second.times("before")).toBe(0);
  });

  test("hands out the old messages again when its consumers were deleted, and none of them as fresh", async () => {
    const { connect, deleteConsumers } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, {
      leaseMs: LONG_LEASE_MS,
      onDelivery: (delivery) => delivery.ack(),
    });
    await submit(broker, "old-1", "old-2");
    await eventually(() => expect(inbox.keys).toEqual(["old-1", "old-2"]));
    expect(inbox.deliveries.map((one) => one.isForgotten())).toEqual([false, false]);
    await deleteConsumers("q");
    await eventually(() => expect(inbox.deliveries).toHaveLength(4));
    expect(inbox.deliveries.map((one) => one.isForgotten())).toEqual([true, true, false, false]);
    expect(inbox.deliveries.slice(2).map(({ fresh }) => fresh)).toEqual([false, false]);
    for (let sent = 1; sent <= 5 && !inbox.deliveries.at(-1)?.fresh; sent++) {
      await submit(broker, `young-${sent}`);
      await eventually(() => expect(inbox.times(`young-${sent}`)).toBe(1));
    }
    expect(inbox.deliveries.at(-1)?.fresh).toBe(true);
  });

  test("sets a message aside whose subject names no run, and goes on with the next", async () => {
    const { connect, namespace, publish } = open();
    const broker = await connect();
    const inbox = await Inbox.open(broker, {
      leaseMs: LONG_LEASE_MS,
      onDelivery: (delivery) => delivery.ack(),
    });
    await publish("0.new.q.f.too.many", bytes("foreign"));
    await publish("0.in.q.f", bytes("foreign"));
    await publish("0.new.q.f.--not-a-key", bytes("foreign"));
    await submit(broker, "good");
    await eventually(() => expect(inbox.keys).toEqual(["good"]));
    await eventually(async () => expect(await broker.log.deadLetters(10)).toHaveLength(3));
    expect([...inbox.foreign].toSorted()).toEqual([
      `mr.${namespace}.0.in.q.f`,
      `mr.${namespace}.0.new.q.f.--not-a-key`,
      `mr.${namespace}.0.new.q.f.too.many`,
    ]);
  });

  test("keeps queues apart", async () => {
    const { connect } = open();
    const leaseMs = LONG_LEASE_MS;
    const broker = await connect();
    const mine = await Inbox.open(broker, { leaseMs, onDelivery: (delivery) => delivery.ack() });
    const theirs = await Inbox.open(broker, {
      leaseMs,
      queue: "q2",
      onDelivery: (delivery) => delivery.ack(),
    });
    await broker.log.submit(runRef("f", "second"), "q2", bytes("x"));
    await submit(broker, "first");
    await eventually(() => expect(mine.keys).toEqual(["first"]));
    await eventually(() => expect(theirs.keys).toEqual(["second"]));
  });
});
