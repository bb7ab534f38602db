/** What a test can do to a process in memory: it must be as bad as the real thing, and no worse. */
import { describe, expect, test } from "vitest";
import { runRef } from "../../src/engine/run-id.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { Inbox } from "./support/inbox.ts";

const run = runRef("f", "k");
const bytes = new Uint8Array([1]);
const LEASE_MS = 1_000;
const LEASES = { leaseMs: LEASE_MS, maxBlockedMs: 60_000, watch: false };

function world() {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock, latencyMs: () => 5 });
  return { clock, broker, connection: broker.connect(), other: broker.connect() };
}

/** Notes how a promise stands. */
function stateOf(promise: Promise<unknown>): { is: string } {
  const state = { is: "open" };
  promise.then(
    () => {
      state.is = "fulfilled";
    },
    () => {
      state.is = "rejected";
    },
  );
  return state;
}

describe("a process that is killed", () => {
  test("is never answered, and its timers never run", async () => {
    const { clock, connection } = world();
    const write = stateOf(connection.log.append(run, 0, bytes));
    const read = stateOf(connection.log.head(run));
    let timers = 0;
    connection.clock.after(10, () => timers++);
    connection.crash();
    const after = stateOf(connection.log.head(run));
    await clock.advance(60_000);
    expect([write.is, read.is, after.is, timers]).toEqual(["open", "open", "open", 0]);
    expect(connection.closed.aborted).toBe(false);
  });

  test("between the storing of its write and the answer leaves the write", async () => {
    const { clock, broker, connection, other } = world();
    broker.inject({ afterWrite: ({ process }) => process.crash() });
    const write = stateOf(connection.log.append(run, 0, bytes));
    await clock.advance(1_000);
    expect(write.is).toBe("open");
    expect((await clock.until(other.log.head(run)))?.sequence).toBe(1);
  });

  test("before its write is stored leaves nothing", async () => {
    const { clock, broker, connection, other } = world();
    broker.inject({
      beforeWrite: ({ process }) => {
        process.crash();
        return "stored";
      },
    });
    void connection.log.append(run, 0, bytes);
    await clock.advance(1_000);
    expect(await clock.until(other.log.head(run))).toBeUndefined();
  });

  test("loses its messages one lease later, and is gone for those who ask at once", async () => {
    const { clock, connection, other } = world();
    const keeper = await clock.until(connection.peers.openLeases("w", LEASES));
    const mine = await clock.until(
      Inbox.open(connection, {
        leaseMs: LEASE_MS,
        onDelivery: (delivery) => keeper.keep(delivery).hold(1),
      }),
    );
    await clock.until(other.log.submit(run, "q", bytes));
    await clock.advance(LEASE_MS * 5);
    expect(mine.keys).toEqual(["k"]);
    connection.crash();
    const theirs = await clock.until(Inbox.open(other, { leaseMs: LEASE_MS }));
    const held = { run: "f:k", partition: 0, token: 1, epoch: 1 };
    expect(await clock.until(other.peers.asks("w", held))).toBe("gone");
    expect(theirs.keys).toEqual([]);
    await clock.advance(LEASE_MS);
    expect(theirs.keys).toEqual(["k"]);
  });
});

describe("a process that is stopped", () => {
  test("gets every late answer, and runs every overdue timer, when it goes on", async () => {
    const { clock, connection } = world();
    const write = stateOf(connection.log.append(run, 0, bytes));
    let timers = 0;
    connection.clock.after(10, () => timers++);
    connection.pause();
    await clock.advance(60_000);
    expect([write.is, timers]).toEqual(["open", 0]);
    connection.resume();
    await clock.advance(100);
    expect([write.is, timers]).toEqual(["fulfilled", 1]);
  });

  test("loses its leases, and is silent to those who ask", async () => {
    const { clock, connection, other } = world();
    const keeper = await clock.until(connection.peers.openLeases("w", LEASES));
    const mine = await clock.until(
      Inbox.open(connection, {
        leaseMs: LEASE_MS,
        onDelivery: (delivery) => keeper.keep(delivery).hold(1),
      }),
    );
    await clock.until(other.log.submit(run, "q", bytes));
    await clock.advance(LEASE_MS);
    const theirs = await clock.until(Inbox.open(other, { leaseMs: LEASE_MS }));
    connection.pause();
    const held = { run: "f:k", partition: 0, token: 1, epoch: 1 };
    expect(await clock.until(other.peers.asks("w", held))).toBe("unknown");
    await clock.advance(LEASE_MS * 2);
    expect(theirs.keys.length).toBeGreaterThan(0);
    connection.resume();
    expect(await clock.until(other.peers.asks("w", held))).toBe("held");
    expect(mine.times("k")).toBeGreaterThan(0);
  });

  test("gets the stale deliveries that were on their way, and none of them as fresh", async () => {
    const { clock, connection, other } = world();
    const mine = await clock.until(Inbox.open(connection, { leaseMs: LEASE_MS }));
    await clock.advance(10);
    connection.pause();
    await clock.until(other.log.submit(run, "q", bytes));
    await clock.advance(LEASE_MS / 2);
    expect(mine.keys).toEqual([]);
    await clock.advance(LEASE_MS);
    connection.resume();
    await clock.advance(10);
    expect(mine.deliveries[0]).toMatchObject({ redelivered: false, fresh: false });
  });
});

describe("a write whose answer is lost", () => {
  test("is unknown, stored or not as the fault says", async () => {
    const { clock, broker, connection } = world();
    const fates = ["ack lost", "not stored", { fate: "stored late", lateMs: 500 }] as const;
    for (const [at, fate] of fates.entries()) {
      broker.inject({ beforeWrite: () => fate });
      const write = await clock.until(connection.log.append(runRef("f", `k${at}`), 0, bytes));
      expect(write.status).toBe("unknown");
    }
    const stored = (): string[] => broker.messages().map(({ subject }) => subject.slice(-2));
    expect(stored()).toEqual(["k0"]);
    await clock.advance(500);
    expect(stored()).toEqual(["k0", "k2"]);
  });

  test("because the connection broke is unknown at once, and who waits is told that it is back", async () => {
    const { clock, connection } = world();
    let reconnects = 0;
    connection.hints.onReconnect(() => reconnects++);
    const write = connection.log.append(run, 0, bytes);
    connection.reconnect();
    expect((await clock.until(write, 0)).status).toBe("unknown");
    expect(reconnects).toBe(1);
    expect((await clock.until(connection.log.append(run, 0, bytes))).status).toBe("written");
  });
});

describe("hints", () => {
  test("and the telling of frames can be lost, all of them", async () => {
    const { clock, broker, connection, other } = world();
    const heard: string[] = [];
    broker.inject({ losesHint: () => true });
    const place = connection.hints.expect(() => heard.push("hint"));
    await clock.until(connection.log.follow(run, () => heard.push("frame")));
    other.hints.send(place.replyTo, bytes);
    await clock.until(other.log.append(run, 0, bytes));
    await clock.advance(1_000);
    expect(heard).toEqual([]);
  });
});
