import { expect, test } from "vitest";
import { bytesOf, openShop, paid, type Shop } from "./support/shop.ts";

async function closedOrder(shop: Shop) {
  const run = await shop.millrace.submit("order", { cart: 4 }, { key: "o1", tags: ["job:1"] });
  await run.signal(paid, 25);
  const output = (await run.result()) as Record<string, unknown>;
  return { run, output };
}

const didBy = (shop: Shop, run: string): readonly string[] =>
  shop.done.filter((line) => line.startsWith(`${run} `)).map((line) => line.split(" ")[1] ?? "");

test("a fork from a step executes that step and what follows, and nothing before it", async () => {
  const shop = await openShop();
  const { run, output } = await closedOrder(shop);
  const before = bytesOf(shop, "o1");
  const fork = await run.fork({ from: "charge", key: "o2" });
  const forked = (await fork.result()) as Record<string, unknown>;
  expect(didBy(shop, fork.id)).toEqual(["charge", "ship"]);
  expect(forked).toMatchObject({
    weigh: 40,
    price: 25,
    text: "label of 7 cm",
    // What came of chance before the point is the origin's, as is the child.
    early: output["early"],
    label: output["label"],
    charge: "25 by order:o2/charge#1",
  });
  expect(forked["late"]).not.toBe(output["late"]);
  expect(bytesOf(shop, "o1")).toEqual(before);
  expect(shop.done.filter((line) => line.startsWith("label"))).toHaveLength(1);
  const types = (await fork.details()).frames.flatMap(({ events }) =>
    events.map(({ type }) => type),
  );
  expect(types.filter((type) => type === "Forked")).toHaveLength(1);
});

test("a rerun does everything again under an id of its own", async () => {
  const shop = await openShop();
  const { run } = await closedOrder(shop);
  const again = await run.rerun({ input: { cart: 5 } });
  await again.signal(paid, 30);
  expect(await again.result()).toMatchObject({ weigh: 50, price: 30 });
  expect(didBy(shop, again.id)).toEqual(["weigh", "charge", "ship"]);
  expect((await again.details()).tags).toEqual(["job:1"]);
});

test("a fork of a run that was cancelled before anybody took it up begins with its mark, and is sound", async () => {
  const shop = await openShop();
  const run = await shop.millrace.submit("order", { cart: 4 }, { key: "o1", queue: "nobodys" });
  await run.cancel("not wanted");
  const fork = await run.fork({ from: 1, key: "o2", queue: "order" });
  await fork.signal(paid, 25);
  expect(await fork.result()).toMatchObject({ weigh: 40, price: 25 });
  const [first] = (await fork.details()).frames.flatMap(({ events }) => events);
  expect(first?.type).toBe("Forked");
  expect((await shop.millrace.verify(fork.id)).flaws).toEqual([]);
});
