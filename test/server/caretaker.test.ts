import { expect, onTestFinished, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import type { RunId } from "../../src/engine/run-id.ts";
import {
  type Caretaker,
  type CaretakerOptions,
  startCaretaker,
} from "../../src/server/caretaker.ts";
import { decodeInput } from "../../src/wire/input-codec.ts";
import { type Actor, Stage } from "../contract/support/stage.ts";
import { FoldedRuns } from "./support/folded-runs.ts";
import { replicaOf } from "./support/replica.ts";

const go = signal<string>("go");
const waiting = flow("waiting", async (ctx) => ctx.receive(go));
const napping = flow("napping", async (ctx) => ctx.sleep("1h"));

/** A stage with servers, and with somebody who takes messages away. */
class Ward extends Stage {
  readonly runs = new FoldedRuns(this.broker);

  hires(suspendAfter: number | string = 0): Promise<Actor> {
    return this.hire(() => [waiting, napping], { suspendAfter: suspendAfter as "0ms" });
  }

  caretaker(name = "one", options: Partial<CaretakerOptions> = {}): Caretaker & { crash(): void } {
    const replica = replicaOf(this.broker, name, this.runs);
    const caretaker = startCaretaker(replica, options);
    const isUp = (): boolean => replica.connection.state === "running";
    onTestFinished(async () => (isUp() ? this.clock.until(caretaker.stop()) : undefined));
    return {
      stop: () => caretaker.stop(),
      crash: () => replica.connection.crash(),
      get status() {
        return caretaker.status;
      },
    };
  }

  /** Acks whatever comes in the queue for a while, and does nothing for it. */
  async robbed(queue: string, meanwhile: () => unknown): Promise<void> {
    const rogue = this.broker.connect();
    const opening = rogue.queues.open({
      queues: [queue],
      room: () => 100,
      onDelivery: (delivery) => delivery.ack(),
      onForeign: () => undefined,
    });
    const reader = await this.clock.until(opening);
    reader.more();
    await this.clock.advance(100);
    meanwhile();
    await this.clock.advance(100);
    await this.clock.until(reader.stop());
    rogue.crash();
  }

  async dismissed({ worker }: Actor): Promise<void> {
    await this.clock.until(worker.drain());
  }

  sendGo(id: RunId): void {
    this.put(id, {
      type: "Signal",
      name: "go",
      payload: { encoding: "json", data: Buffer.from('"now"') },
    });
  }

  /** How many wakes stand in a run's inbox. */
  wakes(id: RunId): number {
    const end = `.${id.replace(":", ".")}`;
    return this.broker.messages().filter(({ subject, data }) => {
      const decoded =
        subject.includes(".in.") && subject.endsWith(end) ? decodeInput(data) : undefined;
      return decoded?.kind === "ok" && decoded.value.body.type === "Wake";
    }).length;
  }

  /** A run that waits for a signal that was taken away. */
  async bereft(key = "k"): Promise<RunId> {
    const worker = await this.hires();
    const id = await this.submit("waiting", key);
    await this.until(id, "suspended");
    await this.dismissed(worker);
    await this.robbed("waiting", () => this.sendGo(id));
    return id;
  }

  /** A run whose worker is dead, and whose token was taken away. */
  async abandoned(keys: readonly string[] = ["k"]): Promise<readonly RunId[]> {
    const worker = await this.hires("10m");
    const ids: RunId[] = [];
    for (const key of keys) {
      const id = await this.submit("napping", key);
      await this.until(id, "running");
      ids.push(id);
    }
    worker.connection.crash();
    await this.robbed("napping", () => this.broker.lapseLeases());
    return ids;
  }
}

test("a suspended run whose signal was acked by somebody else is woken, and receives it", async () => {
  const ward = new Ward();
  const id = await ward.bereft();
  await ward.hires();
  await ward.clock.advance(120_000);
  expect(ward.status(id)).toBe("suspended");
  const caretaker = ward.caretaker();
  await ward.until(id, "completed");
  expect(caretaker.status).toMatchObject({ isAtWork: true, repairs: { "wake-unfolded": 1 } });
});

test("a run whose holder is dead and whose token is gone is taken over", async () => {
  const ward = new Ward();
  const [id = ""] = await ward.abandoned();
  await ward.hires();
  await ward.clock.advance(120_000);
  expect(ward.events(id as RunId, "Activated")).toHaveLength(1);
  const caretaker = ward.caretaker();
  await ward.clock.untilTrue(() => ward.events(id as RunId, "Activated").length === 2, 60_000);
  expect(ward.events(id as RunId, "Activated")[1]?.reason).toBe("takeover");
  await ward.clock.advance(60_000);
  expect(caretaker.status.repairs["wake-abandoned"]).toBe(1);
});

test("no run is left out, however few are looked at in a round", async () => {
  const ward = new Ward();
  const ids = await ward.abandoned(["a", "b", "c", "d", "e", "f", "g"]);
  await ward.hires();
  const caretaker = ward.caretaker("one", { perRound: 2 });
  const areTaken = (): boolean => ids.every((id) => ward.events(id, "Activated").length === 2);
  await ward.clock.untilTrue(areTaken, 60_000);
  expect(caretaker.status.repairs["wake-abandoned"]).toBe(7);
});

test("runs that are as they should be are left alone", async () => {
  const ward = new Ward();
  const held = await ward.hires("10m");
  const active = await ward.submit("waiting", "held");
  await ward.until(active, "running");
  const other = await ward.hire(() => [napping], { suspendAfter: 0, queues: ["napping"] });
  const asleep = await ward.submit("napping", "asleep");
  await ward.clock.advance(10_000);
  const caretaker = ward.caretaker();
  await ward.clock.advance(600_000);
  expect(caretaker.status.repairs).toEqual({
    "wake-unfolded": 0,
    "wake-overdue": 0,
    "wake-abandoned": 0,
    "dead-letter": 0,
  });
  expect(ward.wakes(active)).toBe(0);
  expect(["suspended", "running"]).toContain(ward.status(asleep));
  await ward.dismissed(held);
  await ward.dismissed(other);
});

test("a run in a queue that nobody serves is woken once", async () => {
  const ward = new Ward();
  const id = await ward.bereft();
  const [lost = ""] = await ward.abandoned(["x"]);
  ward.caretaker();
  await ward.clock.advance(6 * 3_600_000);
  expect(ward.wakes(id)).toBe(1);
  expect(ward.wakes(lost as RunId)).toBe(1);
  await ward.hires();
  await ward.until(id, "completed");
});

test("one of two replicas looks after the runs, and the other when that one is killed", async () => {
  const ward = new Ward();
  const [one, other] = [ward.caretaker("one"), ward.caretaker("other")];
  await ward.clock.advance(20_000);
  expect(one.status.isAtWork).not.toBe(other.status.isAtWork);
  const [first, second] = one.status.isAtWork ? [one, other] : [other, one];
  first.crash();
  const id = await ward.bereft();
  await ward.hires();
  await ward.until(id, "completed", 120_000);
  expect(second.status).toMatchObject({ isAtWork: true, repairs: { "wake-unfolded": 1 } });
});

test("a run whose wakes are taken away is woken less and less often", async () => {
  const ward = new Ward();
  const id = await ward.bereft();
  ward.caretaker();
  const rogue = ward.broker.connect();
  const opening = rogue.queues.open({
    queues: ["waiting"],
    room: () => 100,
    onDelivery: (delivery) => delivery.ack(),
    onForeign: () => undefined,
  });
  (await ward.clock.until(opening)).more();
  await ward.clock.advance(6 * 3_600_000);
  expect(ward.wakes(id)).toBeGreaterThan(5);
  expect(ward.wakes(id)).toBeLessThan(20);
  rogue.crash();
});
