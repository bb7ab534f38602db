import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { markOwn, watchStrayRejections } from "../../src/worker/stray-rejections.ts";
import { Stage } from "../contract/support/stage.ts";

let others: NodeJS.UnhandledRejectionListener[] = [];
beforeEach(() => {
  others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
});
afterEach(() => {
  process.removeAllListeners("unhandledRejection");
  for (const other of others) process.on("unhandledRejection", other);
});

const log = pino({ level: "silent" });
const NOBODY_AWAITS = Promise.resolve();
const reject = (error: Error): void => {
  process.emit("unhandledRejection", error, NOBODY_AWAITS);
};

test("a stray rejection that is none of a context's ends the process, with two workers in it too", () => {
  const stops = [watchStrayRejections(log), watchStrayRejections(log)];
  expect(() => reject(new Error("foreign"))).toThrow("foreign");
  expect(() => reject(markOwn(new Error("own")))).not.toThrow();
  for (const stop of stops) stop();
  expect(process.listenerCount("unhandledRejection")).toBe(0);
});

test("somebody else's listener decides about rejections that are none of ours", () => {
  const stop = watchStrayRejections(log);
  process.on("unhandledRejection", () => undefined);
  expect(() => reject(new Error("foreign"))).not.toThrow();
  stop();
});

test("what a flow asks wrongly and does not await ends no process (I11)", async () => {
  const stage = new Stage();
  const go = signal<string>("go");
  const bad = "soon" as never;
  const careless = flow("careless", async (ctx) => {
    void ctx.sleep(bad);
    void ctx.sleepUntil(Number.NaN);
    void ctx.submit("child", undefined, { delay: bad });
    void ctx.submit("a child");
    void ctx.submit("child", () => 1);
    void ctx.receive(go, { timeout: bad });
    void ctx.step("a#step", () => 1);
    await ctx.step("go on", () => 1);
    await ctx.sleep("1s");
  });
  await stage.hire(() => [careless]);
  const [ours] = process.listeners("unhandledRejection");
  if (ours === undefined) throw new Error("The worker does not watch");
  const stray: unknown[] = [];
  process.off("unhandledRejection", ours);
  process.on("unhandledRejection", (error) => stray.push(error));
  const id = await stage.submit("careless");
  await stage.until(id, "completed");
  await new Promise(setImmediate);
  expect(stray).toHaveLength(7);
  // It throws for what is not its own: that would end the process.
  for (const error of stray) expect(() => ours(error, NOBODY_AWAITS)).not.toThrow();
});
