import { expect, onTestFinished, test } from "vitest";
import { runRef } from "../../src/engine/run-id.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type { HeldRun, Lease, LeaseKeeper, Peers } from "../../src/ports/leases.ts";
import type { Delivery } from "../../src/ports/work-queue.ts";
import { Inbox } from "./support/inbox.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

/** A worker that holds one message. */
interface Holder {
  readonly keeper: LeaseKeeper;
  readonly lease: Lease;
  readonly message: Delivery;
}

async function holder(broker: Broker, worker: string, leaseMs: number): Promise<Holder> {
  const keeper = await broker.peers.openLeases(worker, {
    leaseMs,
    maxBlockedMs: 60_000,
    watch: false,
  });
  onTestFinished(() => keeper.close());
  const inbox = await Inbox.open(broker, { leaseMs });
  await broker.log.submit(runRef("f", "k"), "q", new Uint8Array([1]));
  const message = await eventually(() => {
    const [first] = inbox.deliveries;
    if (first === undefined) throw new Error("Nothing came yet");
    return first;
  });
  return { keeper, message, lease: keeper.keep(message) };
}

/** Asks until an answer comes: silence says nothing, and a thread of a machine that stands still is silent. */
async function asked(peers: Peers, worker: string, held: HeldRun): Promise<"held" | "gone"> {
  for (;;) {
    const answer = await peers.asks(worker, held);
    if (answer !== "unknown") return answer;
  }
}

onEveryAdapter("asking after a holder", (open) => {
  test("is answered with held for the token and epoch that a worker holds", async () => {
    const { connect, leaseMs } = open();
    const { lease, message } = await holder(await connect(), "w1", leaseMs);
    lease.hold(3);
    const { partition, sequence: token } = message;
    const { peers } = await connect();
    expect(await asked(peers, "w1", { run: "f:k", partition, token, epoch: 3 })).toBe("held");
    expect(await asked(peers, "w1", { run: "f:k", partition, token, epoch: 2 })).toBe("gone");
    expect(await asked(peers, "w1", { run: "f:k", partition, token: token + 1, epoch: 3 })).toBe(
      "gone",
    );
    expect(
      await asked(peers, "w1", { run: "f:k", partition: partition + 1, token, epoch: 3 }),
    ).toBe("gone");
  });

  test("is answered with gone for a message that is only kept: it is no activation's token", async () => {
    const { connect, leaseMs } = open();
    const { message } = await holder(await connect(), "w1", leaseMs);
    const held = { run: "f:k", partition: message.partition, token: message.sequence, epoch: 1 };
    expect(await asked((await connect()).peers, "w1", held)).toBe("gone");
  });

  test("follows the holder: another epoch, then let go", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const { lease, message } = await holder(broker, "w1", leaseMs);
    const { partition, sequence: token } = message;
    lease.hold(1);
    expect(await asked(broker.peers, "w1", { run: "f:k", partition, token, epoch: 1 })).toBe(
      "held",
    );
    lease.hold(2);
    expect(await asked(broker.peers, "w1", { run: "f:k", partition, token, epoch: 1 })).toBe(
      "gone",
    );
    expect(await asked(broker.peers, "w1", { run: "f:k", partition, token, epoch: 2 })).toBe(
      "held",
    );
    lease.letGo();
    expect(await asked(broker.peers, "w1", { run: "f:k", partition, token, epoch: 2 })).toBe(
      "gone",
    );
  });

  test("is answered with gone when there is no such worker, or there is none any more", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const { keeper, lease, message } = await holder(broker, "w1", leaseMs);
    lease.hold(1);
    const held = { run: "f:k", partition: message.partition, token: message.sequence, epoch: 1 };
    expect(await asked(broker.peers, "nobody", held)).toBe("gone");
    expect(await asked(broker.peers, "w1", held)).toBe("held");
    await keeper.close();
    // A question that crosses its going stays without an answer, which says nothing.
    await eventually(async () => expect(await asked(broker.peers, "w1", held)).toBe("gone"));
  });

  test("is never answered with gone when no answer can come", async () => {
    const broker = await open().connect();
    await broker.close();
    const held = { run: "f:k", partition: 0, token: 1, epoch: 1 };
    expect(await broker.peers.asks("w1", held)).toBe("unknown");
  });

  test("keeps a thousand messages, and each of them answers for itself", async () => {
    const { connect, leaseMs } = open();
    const broker = await connect();
    const { keeper, message } = await holder(broker, "w1", leaseMs);
    const leases: Lease[] = [];
    for (let token = 10; token < 1_510; token++) {
      const lease = keeper.keep({ ...message, sequence: token });
      lease.hold(token);
      leases.push(lease);
    }
    leases[700]?.letGo();
    const answer = (token: number): Promise<string> =>
      asked(broker.peers, "w1", { run: "f:k", partition: message.partition, token, epoch: token });
    expect(await Promise.all([10, 709, 711, 1_509].map(answer))).toEqual(Array(4).fill("held"));
    expect(await answer(710)).toBe("gone");
  });

  test("tells the worker which of its runs somebody was told that it holds, and of no other (I6)", async () => {
    const { connect, leaseMs } = open();
    const { keeper, lease, message } = await holder(await connect(), "w1", leaseMs);
    lease.hold(3);
    const heard: string[] = [];
    keeper.onAsked((run) => heard.push(run));
    const { partition, sequence: token } = message;
    const { peers } = await connect();
    expect(await asked(peers, "w1", { run: "f:gone", partition, token, epoch: 2 })).toBe("gone");
    expect(await asked(peers, "w1", { run: "f:k", partition, token, epoch: 3 })).toBe("held");
    await eventually(() => expect(heard).toEqual(["f:k"]));
  });
});
