import { pino } from "pino";
import { expect, test } from "vitest";
import { Brakes } from "../../../src/automation/triggers/brakes.ts";
import { Millrace } from "../../../src/client/millrace.ts";
import { trigger } from "../../../src/definition/trigger.ts";
import { compileTrigger } from "../../../src/expressions/compiled-trigger.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";

function brakesOf(
  limits: { perMinute?: number; depth?: number } = {},
  does: Parameters<typeof trigger>[1] = { on: "tick", action: { submit: "f" } },
) {
  const clock = new ManualClock();
  const millrace = new Millrace(new MemoryBroker({ clock }).connect(), clock);
  const log = pino({ level: "silent" });
  const brakes = new Brakes({ millrace, clock, log }, () => undefined);
  const { spec } = trigger("t", { ...does, limits });
  const times = { createdAt: 1, changedAt: 1 };
  const record = { spec, version: 1, from: "api", ...times } as const;
  const active = { name: "t", record, compiled: compileTrigger(spec) };
  return { clock, verdict: (depth: number) => brakes.verdict(active, depth) };
}

test("events from outside are acted upon however many there are", () => {
  const { verdict } = brakesOf();
  for (let at = 0; at < 5_000; at++) expect(verdict(1)).toBe("go");
});

test("of firings that firings led to a thousand may go in a minute, and more in the next", async () => {
  const { clock, verdict } = brakesOf();
  for (let at = 0; at < 1_000; at++) expect(verdict(2)).toBe("go");
  expect(verdict(2)).toBe("too-many");
  expect(verdict(1)).toBe("go");
  await clock.advance(61_000);
  expect(verdict(2)).toBe("go");
});

test("a trigger's own limits take the place of the defaults", () => {
  const { verdict } = brakesOf({ perMinute: 2, depth: 3 });
  expect([verdict(1), verdict(1), verdict(1)]).toEqual(["go", "go", "too-many"]);
  expect([verdict(4), brakesOf().verdict(8), brakesOf().verdict(9)]).toEqual([
    "too-deep",
    "go",
    "too-deep",
  ]);
});

test("a trigger that resumes what failed goes no faster in circles than others, though its runs are no deeper", () => {
  const { verdict } = brakesOf({}, { on: "run.failed", action: "resume" });
  for (let at = 0; at < 1_000; at++) expect(verdict(1)).toBe("go");
  expect(verdict(1)).toBe("too-many");
});
