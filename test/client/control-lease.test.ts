import { expect, test } from "vitest";
import { ControlLease } from "../../src/client/control-lease.ts";
import { systemClock } from "../../src/ports/clock.ts";
import type { ControlStore } from "../../src/ports/control-store.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { eventually, onEveryAdapter } from "../contract/support/on-every-adapter.ts";

function lease(control: ControlStore, holder: string, ttlMs = 60_000): ControlLease {
  return new ControlLease({ control, clock: systemClock, what: "caretaker", holder, ttlMs });
}

onEveryAdapter("a lease among replicas", (open) => {
  test("is held by one of many that ask at once", async () => {
    const { connect } = open();
    const names = ["one", "two", "three"];
    const leases = await Promise.all(
      names.map(async (name) => lease((await connect()).control, name)),
    );
    const held = await Promise.all(leases.map((one) => one.hold()));
    expect(held.filter(Boolean)).toHaveLength(1);
    expect(await Promise.all(leases.map((one) => one.hold()))).toEqual(held);
  });

  test("is free at once when its holder gives it back", async () => {
    const { connect } = open();
    const [one, other] = [
      lease((await connect()).control, "one"),
      lease((await connect()).control, "other"),
    ];
    expect(await one.hold()).toBe(true);
    expect(await other.hold()).toBe(false);
    await one.release();
    expect(one.isHeld).toBe(false);
    expect(await other.hold()).toBe(true);
    expect(await one.hold()).toBe(false);
  });

  test("goes to another replica when its holder renews it no more", async () => {
    const { connect } = open();
    const [one, other] = [
      lease((await connect()).control, "one", 1_000),
      lease((await connect()).control, "other", 1_000),
    ];
    expect(await one.hold()).toBe(true);
    await eventually(async () => expect(await other.hold()).toBe(true));
    expect(one.isHeld).toBe(false);
  });

  test("is its holder's still after the process was started again under the same name", async () => {
    const { connect } = open();
    const { control } = await connect();
    expect(await lease(control, "one").hold()).toBe(true);
    expect(await lease(control, "one").hold()).toBe(true);
    expect(await lease(control, "other").hold()).toBe(false);
  });
});

test("a lease whose broker does not confirm it is not held, and one that is held is renewed in time", async () => {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock });
  const { control } = broker.connect();
  const parts = { control, clock, what: "w", holder: "one", ttlMs: 9_000 };
  const held = new ControlLease(parts);
  broker.inject({ beforeWrite: () => "not stored" });
  expect(await clock.until(held.hold())).toBe(false);
  broker.inject({});
  expect(await clock.until(held.hold())).toBe(true);
  for (let at = 0; at < 10; at++) {
    await clock.advance(4_000);
    expect(await clock.until(held.hold())).toBe(true);
  }
  // What was once held is held until its time is over, and no longer, with the broker away.
  broker.inject({ beforeWrite: () => "not stored" });
  await clock.advance(8_000);
  expect(await clock.until(held.hold())).toBe(true);
  await clock.advance(2_000);
  expect(await clock.until(held.hold())).toBe(false);
});
