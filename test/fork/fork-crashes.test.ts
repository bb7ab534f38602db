/** Whoever forks a run dies at each of its writes, or is not told what came of one. On the in-memory broker. */
import { expect, test } from "vitest";
import { flow, Millrace } from "../../src/index.ts";
import type { MemoryWrite, WriteFate } from "../../src/testing/memory-faults.ts";
import { until } from "../e2e/support/until.ts";
import { openShop, paid, type Shop } from "./support/shop.ts";

const FATES = ["crash before", "crash after", "ack lost", "not stored", "stored late"] as const;
type Fate = (typeof FATES)[number];

/** More writes than a fork takes: the test finds out how many there are. */
const MOST_WRITES = 20;

test("a fork that is broken off anywhere runs not at all or right, and asking for it again completes it", async () => {
  const shop = await openShop();
  const origin = await shop.millrace.submit("order", { cart: 4 }, { key: "o1" });
  await origin.signal(paid, 25);
  const { text, price } = (await origin.result()) as { text: string; price: number };
  const make = (millrace: Millrace, key: string) =>
    millrace.fork(origin.id, { from: "charge", key });
  const writes = await breakOffEverywhere(shop, make, async (key) => {
    const done = shop.done.filter((line) => line.startsWith(`order:${key} `));
    expect(done).toEqual([`order:${key} charge`, `order:${key} ship`]);
    expect(await shop.millrace.attach(`order:${key}`).result()).toMatchObject({ text, price });
  });
  // The signal and the child's end, the history, the submission.
  expect(writes).toBe(4);
});

test("a history of several messages is put in place whole, though its forker dies between two of them", async () => {
  const did: string[] = [];
  const long = flow("long", {}, async (ctx) => {
    const parts: string[] = [];
    for (let at = 0; at < 30; at++) {
      const work = (): string => {
        did.push(`${ctx.runId} ${at}`);
        return String(at).padEnd(400, ".");
      };
      parts.push(await ctx.step("part", work));
    }
    return parts.map((part) => part.slice(0, 2)).join("");
  });
  const shop = await openShop([long], { maxMessageBytes: 8_192 });
  const origin = await shop.millrace.submit(long, undefined, { key: "l1" });
  const output = await origin.result();
  const make = (millrace: Millrace, key: string) =>
    millrace.fork(origin.id, { from: "part#29", key });
  const writes = await breakOffEverywhere(shop, make, async (key) => {
    expect(did.filter((line) => line.startsWith(`long:${key} `))).toEqual([
      `long:${key} 28`,
      `long:${key} 29`,
    ]);
    expect(await shop.millrace.attach(`long:${key}`).result()).toEqual(output);
  });
  expect(writes).toBeGreaterThan(3);
});

/** Breaks a fork off at each of its writes, in each way. Gives how many writes it takes. */
async function breakOffEverywhere(
  shop: Shop,
  make: (millrace: Millrace, key: string) => Promise<{ result(): Promise<unknown> }>,
  check: (key: string) => Promise<void>,
): Promise<number> {
  let most = 0;
  for (const fate of FATES) {
    for (let at = 0, wasHit = true; wasHit; at++) {
      expect(at).toBeLessThan(MOST_WRITES);
      const key = `${fate.replace(" ", "-")}-${at}`;
      wasHit = await breakOff(shop, at, fate, (millrace) => make(millrace, key));
      if (!wasHit) break;
      most = Math.max(most, at + 1);
      await until("nothing waits", () => shop.broker.unacked().length === 0);
      const subjects = shop.broker.messages().map(({ subject }) => subject);
      const isSubmitted = subjects.some((one) => one.includes(".new.") && one.endsWith(`.${key}`));
      const hasRun = shop.done.some((line) => line.includes(`:${key} `));
      expect({ key, ranUnsubmitted: hasRun && !isSubmitted }).toEqual({
        key,
        ranUnsubmitted: false,
      });
      await (await make(shop.millrace, key)).result();
      await check(key);
      expect(subjects.filter((one) => one.includes(".dead."))).toEqual([]);
    }
  }
  return most;
}

/** Lets a process do something, and it goes wrong at one of its writes. False when it has fewer. */
async function breakOff(
  { broker }: Shop,
  at: number,
  fate: Fate,
  act: (millrace: Millrace) => Promise<unknown>,
): Promise<boolean> {
  const process = broker.connect();
  let writes = 0;
  let wasHit = false;
  const isIt = (write: MemoryWrite): boolean =>
    write.process === process && !wasHit && writes++ === at;
  broker.inject({
    beforeWrite: (write): WriteFate => {
      if (fate === "crash after" || !isIt(write)) return "stored";
      wasHit = true;
      if (fate === "crash before") process.crash();
      if (fate === "ack lost" || fate === "not stored") return fate;
      return fate === "stored late" ? { fate, lateMs: 20 } : "stored";
    },
    afterWrite: (write) => {
      if (fate !== "crash after" || !isIt(write)) return;
      wasHit = true;
      process.crash();
    },
  });
  let isDone = false;
  act(new Millrace(process)).then(
    () => {
      isDone = true;
    },
    () => {
      isDone = true;
    },
  );
  await until("it is done, or dead", () => isDone || process.state === "crashed");
  broker.inject({});
  return wasHit;
}
