import { expect, test } from "vitest";
import type { ControlRecord, ControlStore } from "../../src/ports/control-store.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (record: ControlRecord | undefined): string | undefined =>
  record === undefined ? undefined : new TextDecoder().decode(record.data);

async function written(
  store: ControlStore,
  key: string,
  text: string,
  expected = 0,
  ttlMs?: number,
): Promise<number> {
  const options = ttlMs === undefined ? {} : { ttlMs };
  const outcome = await store.write(key, bytes(text), expected, options);
  if (outcome.status !== "written") throw new Error(`It was not written: ${outcome.status}`);
  return outcome.sequence;
}

onEveryAdapter("a control record", (open) => {
  test("is read as it was written, from another connection", async () => {
    const { connect } = open();
    const [one, other] = [(await connect()).control, (await connect()).control];
    expect(await one.read("a.b")).toBeUndefined();
    const revision = await written(one, "a.b", "first");
    expect(await other.read("a.b")).toEqual({ key: "a.b", revision, data: bytes("first") });
    expect(await other.read("a")).toBeUndefined();
  });

  test("is replaced by whoever expects its revision, and by nobody else", async () => {
    const { connect } = open();
    const { control } = await connect();
    const first = await written(control, "a", "first");
    expect(await control.write("a", bytes("late"), 0)).toEqual({ status: "conflict" });
    const second = await written(control, "a", "second", first);
    expect(second).toBeGreaterThan(first);
    expect(await control.write("a", bytes("late"), first)).toEqual({ status: "conflict" });
    expect(textOf(await control.read("a"))).toBe("second");
  });

  test("takes one of many writes that expect the same", async () => {
    const { connect } = open();
    const stores = await Promise.all([1, 2, 3].map(async () => (await connect()).control));
    for (let round = 0, expected = 0; round < 20; round++) {
      const outcomes = await Promise.all(
        stores.map((store, at) => store.write("a", bytes(`${round} ${at}`), expected)),
      );
      const stored = outcomes.filter(({ status }) => status === "written");
      expect(stored).toHaveLength(1);
      const record = await stores[0]?.read("a");
      expect(textOf(record)).toBe(`${round} ${outcomes.findIndex((o) => o.status === "written")}`);
      expected = record?.revision ?? 0;
    }
  });

  test("with a time to live is there until then, and gone after it: its key is free again", async () => {
    const { connect } = open();
    const { control } = await connect();
    const revision = await written(control, "a", "short", 0, 3_000);
    expect(textOf(await control.read("a"))).toBe("short");
    await eventually(async () => expect(await control.read("a")).toBeUndefined());
    expect(await written(control, "a", "next")).toBeGreaterThan(revision);
  });

  test("is listed with those whose keys begin alike", async () => {
    const { connect } = open();
    const { control } = await connect();
    expect(await control.list("a")).toEqual([]);
    for (const key of ["a.x", "a.y.z", "ab.x", "b.x"]) await written(control, key, key);
    const keys = (await control.list("a")).map((record) => `${record.key} ${textOf(record)}`);
    expect(keys.toSorted()).toEqual(["a.x a.x", "a.y.z a.y.z"]);
  });

  test("is listed however many there are", async () => {
    const { connect } = open();
    const { control } = await connect();
    const keys = Array.from({ length: 1_100 }, (_, at) => `many.${at}`);
    await Promise.all(keys.map((key) => written(control, key, key)));
    const first = await control.read("many.0");
    await written(control, "many.0", "again", first?.revision);
    const records = await control.list("many");
    expect(records.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    const found = records.find(({ key }) => key === "many.0");
    expect(found).toEqual(await control.read("many.0"));
  });

  test("that is watched is told of as it is, then with each change, and no more once nobody watches", async () => {
    const { connect } = open();
    const [one, other] = [(await connect()).control, (await connect()).control];
    const told: (string | undefined)[] = [];
    const stop = await other.watch("a", (record) => told.push(textOf(record)));
    expect(told).toEqual([undefined]);
    const first = await written(one, "a", "first");
    await written(one, "a.b", "another key");
    const second = await written(one, "a", "second", first);
    await eventually(() => expect(told).toEqual([undefined, "first", "second"]));
    stop();
    const later: (string | undefined)[] = [];
    await other.watch("a", (record) => later.push(textOf(record)));
    expect(later).toEqual(["second"]);
    await written(one, "a", "third", second);
    await eventually(() => expect(later).toEqual(["second", "third"]));
    expect(told).toHaveLength(3);
  });
});
