import { describe, expect, test } from "vitest";
import { ManualClock } from "../../src/testing/manual-clock.ts";

describe("a manual clock", () => {
  test("stands still until it is moved", async () => {
    const clock = new ManualClock(1_000);
    const ran: string[] = [];
    clock.after(10, () => ran.push("ten"));
    await clock.settle();
    expect([clock.now(), ran]).toEqual([1_000, []]);
    await clock.advance(9);
    expect([clock.now(), ran]).toEqual([1_009, []]);
    await clock.advance(1);
    expect([clock.now(), ran]).toEqual([1_010, ["ten"]]);
  });

  test("runs timers in the order in which they are due, equal ones in the order in which they were made", async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    for (const [name, ms] of Object.entries({ late: 30, first: 10, second: 10, now: 0 })) {
      clock.after(ms, () => ran.push(name));
    }
    await clock.advance(30);
    expect(ran).toEqual(["now", "first", "second", "late"]);
  });

  test("runs a timer that another one made, at its own time, in the same move", async () => {
    const clock = new ManualClock(0);
    const ran: number[] = [];
    const again = (): void => {
      ran.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    await clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
    expect(clock.nextDueAt).toBe(40);
  });

  test("takes a timer back, once and for all", async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    const cancel = clock.after(10, () => ran.push("cancelled"));
    clock.after(10, () => ran.push("kept"));
    cancel();
    cancel();
    await clock.advance(20);
    expect(ran).toEqual(["kept"]);
  });

  test("lets what a timer set going come to rest before the next one runs", async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    clock.after(1, () => {
      setImmediate(() => {
        process.nextTick(() => void Promise.resolve().then(() => ran.push("rest of the first")));
      });
    });
    clock.after(1, () => ran.push("second"));
    await clock.advance(1);
    expect(ran).toEqual(["rest of the first", "second"]);
  });

  test("moves until a promise is settled, and gives or throws what it does", async () => {
    const clock = new ManualClock(0);
    const later = new Promise<string>((resolve) => {
      clock.after(5_000, () => resolve("there"));
    });
    expect(await clock.until(later)).toBe("there");
    expect(clock.now()).toBe(5_000);
    await expect(clock.until(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  test("does not move for ever: what does not come within the limit is an error", async () => {
    const clock = new ManualClock();
    const tick = (): void => void clock.after(1_000, tick);
    tick();
    const never = new Promise<void>(() => undefined);
    await expect(clock.until(never, 10_000)).rejects.toThrow("within 10000 ms");
    await expect(clock.untilTrue(() => false, 10_000)).rejects.toThrow("within 10000 ms");
  });
});
