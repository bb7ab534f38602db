import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { markOwn, watchStrayRejections } from "../../src/worker/stray-rejections.ts";

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
