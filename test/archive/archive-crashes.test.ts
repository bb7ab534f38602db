/** Whoever archives or restores dies at each of its writes, or is not told what came of one. On the in-memory broker. */
import { expect, test } from "vitest";
import { parseRunId } from "../../src/engine/run-id.ts";
import { Millrace, type RunHandle } from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../src/testing/memory-connection.ts";
import type { WriteFate } from "../../src/testing/memory-faults.ts";
import { until } from "../e2e/support/until.ts";
import { ahead, type Effects, openShop, paid, type Shop } from "./support/orders.ts";
import { worldOf } from "./support/world.ts";

const FATES = ["crash before", "crash after", "ack lost", "not stored", "stored late"] as const;
type Fate = (typeof FATES)[number];

/** More writes than either takes: the test finds out how many there are. */
const MOST_WRITES = 20;

test("archiving that is broken off anywhere leaves a run that reads as before, and that the next pass archives whole", async () => {
  const scene = await openScene({ broken: false });
  for (const fate of FATES) {
    for (let at = 0, wasHit = true; wasHit; at++) {
      expect(at).toBeLessThan(MOST_WRITES);
      const { run, before } = await scene.run(`${fate}-${at}`);
      wasHit = await scene.breakOff(at, fate, (millrace) => millrace.archive.add(run.id));
      // Now, and after a write that comes late.
      for (let look = 0; look < 2; look++) expect(await told(run)).toEqual(before);

      await scene.shop.later.archive.add(run.id);
      expect(await told(run)).toEqual(before);
      expect(scene.stored(run)).toEqual({ h: 1, new: 1, in: 0 });
      expect(await scene.shop.later.archive.add(run.id)).toMatchObject({ status: "was archived" });
    }
  }
  // A frame in the history's place, the inbox, the mark.
  expect(scene.hits).toBe(3 * FATES.length);
  expect(scene.effects.done).toHaveLength(2 * scene.runs);
});

test("restoring that is broken off anywhere leaves a run in the archive or in the log, and the next try brings it back to be resumed", async () => {
  const scene = await openScene({ broken: true });
  for (const fate of FATES) {
    for (let at = 0, wasHit = true; wasHit; at++) {
      expect(at).toBeLessThan(MOST_WRITES);
      const { run, before } = await scene.run(`${fate}-${at}`);
      await scene.shop.later.archive.add(run.id);
      wasHit = await scene.breakOff(at, fate, (millrace) => millrace.archive.restore(run.id));
      for (let look = 0; look < 2; look++) expect(await told(run)).toEqual(before);

      const isBack = (await run.state()).archived === undefined;
      if (!isBack) await scene.shop.now.archive.restore(run.id);
      expect(await told(run)).toEqual(before);
      scene.effects.broken = false;
      await run.resume();
      await until("it has completed", async () => (await run.state()).status === "completed");
      expect(await run.result()).toMatchObject({ price: 12, last: "shipped" });
      scene.effects.broken = true;
    }
  }
  // The signal and the child's end, the submission, the history, the submission once more.
  expect(scene.hits).toBe(5 * FATES.length);
  // Two tries at the last step, and one at the first.
  expect(scene.effects.done).toHaveLength(3 * scene.runs);
});

test("somebody archives what another one restores: the run is in one of the two places, whole, whoever is slower", async () => {
  const scene = await openScene({ broken: true });
  for (let round = 0; round < 60; round++) {
    const { run, before } = await scene.run(`r${round}`);
    const { later, now } = scene.shop;
    const outcomes = await Promise.allSettled([
      later.archive.add(run.id),
      pause(round % 6).then(() => now.archive.restore(run.id)),
      pause(round % 4).then(() => later.archive.add(run.id)),
      pause(round % 5).then(() => now.archive.restore(run.id)),
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(outcome.reason).toMatchObject({ code: "RUN_NOT_ARCHIVED" });
    }
    expect(await told(run)).toEqual(before);
    if ((await run.state()).archived !== undefined) await now.archive.restore(run.id);
    scene.effects.broken = false;
    await run.resume();
    await until("it has completed", async () => (await run.state()).status === "completed");
    expect(await run.result()).toMatchObject({ price: 12, last: "shipped" });
    scene.effects.broken = true;
  }
  expect(scene.effects.done).toHaveLength(3 * scene.runs);
});

/** What everybody may know of a run, wherever it is. */
async function told(run: RunHandle): Promise<object> {
  const { steps, timers, input, tags, exposed, status, children, closedAt } = await run.details();
  const outcome = await run.result().then(
    (value) => ({ value }),
    (error: Error) => ({ error: error.message }),
  );
  return { steps, timers, input, tags, exposed, status, children, closedAt, outcome };
}

function pause(turns: number): Promise<void> {
  return turns === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, turns));
}

async function openScene(effects: Pick<Effects, "broken">): Promise<Scene> {
  const broker = new MemoryBroker();
  const all: Effects = { done: [], ...effects };
  const shop = await openShop(worldOf(broker), all);
  return new Scene(broker, shop, all);
}

class Scene {
  readonly shop: Shop;
  readonly effects: Effects;
  readonly #broker: MemoryBroker;
  runs = 0;
  /** Writes at which something went wrong. */
  hits = 0;

  constructor(broker: MemoryBroker, shop: Shop, effects: Effects) {
    this.#broker = broker;
    this.shop = shop;
    this.effects = effects;
  }

  async run(key: string): Promise<{ readonly run: RunHandle; readonly before: object }> {
    this.runs++;
    const run = await this.shop.now.submit("order", { cart: 4 }, { key });
    await run.signal(paid, 12);
    await run.result().catch(() => undefined);
    return { run, before: await told(run) };
  }

  /** Lets a process do something, and it goes wrong at one of its writes. False when it has fewer. */
  async breakOff(
    at: number,
    fate: Fate,
    act: (millrace: Millrace) => Promise<unknown>,
  ): Promise<boolean> {
    const process: MemoryConnection = this.#broker.connect();
    let writes = 0;
    let wasHit = false;
    const isIt = (): boolean => !wasHit && writes++ === at;
    this.#broker.inject({
      beforeWrite: (write): WriteFate => {
        if (write.process !== process || fate === "crash after" || !isIt()) return "stored";
        wasHit = true;
        if (fate === "crash before") process.crash();
        if (fate === "ack lost" || fate === "not stored") return fate;
        return fate === "stored late" ? { fate, lateMs: 20 } : "stored";
      },
      afterWrite: (write) => {
        if (write.process !== process || fate !== "crash after" || !isIt()) return;
        wasHit = true;
        process.crash();
      },
    });
    const done = act(new Millrace(process, ahead)).then(
      () => true,
      () => true,
    );
    await until("it is done, or dead", () =>
      process.state === "crashed" ? true : Promise.race([done, pause(5).then(() => false)]),
    );
    this.#broker.inject({});
    // A write that comes late has come.
    if (fate === "stored late") await pause(25);
    if (wasHit) this.hits++;
    return wasHit;
  }

  /** How many messages of a run there are, by kind. */
  stored({ id }: RunHandle): Record<string, number> {
    const counts: Record<string, number> = { h: 0, new: 0, in: 0 };
    for (const { subject } of this.#broker.messages()) {
      const [, , , kind = "", ...rest] = subject.split(".");
      const { flow, token } = parseRunId(id);
      if (rest.slice(-2).join(".") === `${flow}.${token}`) counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }
}
