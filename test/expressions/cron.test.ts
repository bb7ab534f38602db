import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ScheduleTiming } from "../../src/engine/schedule-spec.ts";
import { between, checkCron, latestUpTo, nextAfter } from "../../src/expressions/cron.ts";
import { anyCron, type OracleCron, oracleTimes } from "./support/calendar-oracle.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Windows of days with a change of the clocks, and without one. */
const WINDOWS: readonly (readonly [zone: string, from: string])[] = [
  ["Europe/Berlin", "2026-03-28T00:00:00Z"],
  ["Europe/Berlin", "2026-10-24T00:00:00Z"],
  ["America/New_York", "2026-03-07T00:00:00Z"],
  ["America/New_York", "2026-10-31T00:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-03T12:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-02T12:00:00Z"],
  ["Pacific/Apia", "2011-12-29T00:00:00Z"],
  ["America/Sao_Paulo", "2018-11-03T00:00:00Z"],
  ["America/Havana", "2026-03-07T00:00:00Z"],
  ["Africa/Cairo", "2026-04-23T00:00:00Z"],
  ["Africa/Casablanca", "2026-02-14T00:00:00Z"],
  ["Asia/Kathmandu", "2026-02-27T00:00:00Z"],
  ["Asia/Tehran", "2022-03-20T00:00:00Z"],
  ["Pacific/Kiritimati", "2026-12-30T00:00:00Z"],
  ["Antarctica/Troll", "2026-03-28T00:00:00Z"],
  ["UTC", "2028-02-28T00:00:00Z"],
];

describe("due times of a cron expression", () => {
  test.each(WINDOWS)(
    "in %s around %s are those that a calendar gives, minute by minute",
    (timeZone, at) => {
      const from = Date.parse(at);
      const to = from + 3 * DAY;
      fc.assert(
        fc.property(anyCron, (cron) => {
          const timing: ScheduleTiming = { kind: "cron", cron: cron.text, timeZone };
          const expected = oracleTimes(cron, timeZone, from, to);
          expect(between(timing, from, to, 10_000)).toEqual(expected);
        }),
        { numRuns: 25 },
      );
    },
  );

  test("are the same looked at forwards and backwards", () => {
    fc.assert(
      fc.property(anyCron, fc.constantFrom(...WINDOWS), (cron, [timeZone, at]) => {
        const timing: ScheduleTiming = { kind: "cron", cron: cron.text, timeZone };
        const from = Date.parse(at);
        const all = between(timing, from, from + 3 * DAY, 10_000);
        const last = all.at(-1) ?? 0;
        fc.pre(all.length > 0);
        expect(latestUpTo(timing, last, all.length)).toEqual(all);
        expect(latestUpTo(timing, last + 999, 1)).toEqual([last]);
        expect(latestUpTo(timing, last - 1, 1)).toEqual(latestUpTo(timing, last, 2).slice(0, -1));
      }),
      { numRuns: 60 },
    );
  });

  test("rise, and none is left out between one and the next", () => {
    fc.assert(
      fc.property(
        anyCron,
        fc.constantFrom(...WINDOWS),
        fc.nat(DAY),
        (cron, [timeZone, at], plus) => {
          const timing: ScheduleTiming = { kind: "cron", cron: cron.text, timeZone };
          const time = Date.parse(at) + plus;
          const next = nextAfter(timing, time) ?? 0;
          expect(next).toBeGreaterThan(time);
          const to = Math.min(next, time + 2 * DAY);
          expect(oracleTimes(cron, timeZone, time + 1, to)).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** `taken`, or the code of the error. */
function fateOf(cron: string): unknown {
  try {
    checkCron(cron, "Europe/Berlin");
    return "taken";
  } catch (error) {
    return (error as { readonly code?: unknown }).code ?? error;
  }
}

/** The due times of an expression in Berlin, as `MM-DDTHH:MM` in UTC. */
function berlin(cron: string, from: string, to: string): readonly string[] {
  const timing: ScheduleTiming = { kind: "cron", cron, timeZone: "Europe/Berlin" };
  const times = between(timing, Date.parse(from), Date.parse(to), 50);
  return times.map((time) => new Date(time).toISOString().slice(5, 16));
}

/** The rules in docs/schedules.md. */
describe("where the clocks change", () => {
  test("a listed time in the gap fires once, right after it", () => {
    const day = ["2026-03-28T23:00:00Z", "2026-03-29T12:00:00Z"] as const;
    expect(berlin("30 2 * * *", ...day)).toEqual(["03-29T01:00"]);
    expect(berlin("0,15,45 2 * * *", ...day)).toEqual(["03-29T01:00"]);
    expect(berlin("0 2,3 * * *", ...day)).toEqual(["03-29T01:00"]);
  });

  test("a listed time that comes twice fires the first time", () => {
    const day = ["2026-10-24T22:00:00Z", "2026-10-25T12:00:00Z"] as const;
    expect(berlin("30 2 * * *", ...day)).toEqual(["10-25T00:30"]);
  });

  test("a stepped one keeps to the time that passes", () => {
    expect(berlin("*/30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z")).toEqual([
      "03-29T00:00",
      "03-29T00:30",
      "03-29T01:00",
      "03-29T01:30",
    ]);
    expect(berlin("0 * * * *", "2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z")).toEqual([
      "10-24T23:00",
      "10-25T00:00",
      "10-25T01:00",
      "10-25T02:00",
    ]);
  });

  test("a day that a zone leaves out has no due times", () => {
    const timing: ScheduleTiming = { kind: "cron", cron: "0 12 * * *", timeZone: "Pacific/Apia" };
    const days = between(
      timing,
      Date.parse("2011-12-28T00:00:00Z"),
      Date.parse("2012-01-01T00:00:00Z"),
      9,
    );
    expect(days.map((time) => new Date(time).toISOString().slice(0, 13))).toEqual([
      "2011-12-28T22",
      "2011-12-29T22",
      "2011-12-30T22",
      "2011-12-31T22",
    ]);
  });
});

describe("an expression is refused", () => {
  test.each([
    ["", "0 fields"],
    ["* * * *", "4 fields"],
    ["0 0 0 1 1 * 2030", "7 fields"],
    ["2026-01-01T00:00:00", "1 fields"],
    ["60 * * * *", "60"],
    ["* 24 * * *", "24"],
    ["a * * * *", "a"],
    ["5-1 * * * *", "5"],
    ["*/0 * * * *", "0"],
    ["@sometimes", "@sometimes"],
    [`${"1,".repeat(200)}1 * * * *`, "256 characters"],
  ])("%j says %s", (cron, reason) => {
    expect(() => checkCron(cron, "UTC")).toThrow(reason);
    expect(() => checkCron(cron, "UTC")).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });

  test.each(["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 0 31 11 *"])(
    "%s never comes, and is not looked for for ever",
    (cron) => expect(() => checkCron(cron, "Europe/Berlin")).toThrow("no such day ever comes"),
  );

  test.each(["Mars/Phobos", "", "+02:00", "Europe/Berlin "])("time zone %j", (timeZone) => {
    expect(() => checkCron("* * * * *", timeZone)).toThrow("IANA");
  });

  test("whatever its text, with an error of ours and nothing else", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 60 }),
          fc
            .array(
              fc.constantFrom(
                "*",
                "/",
                "-",
                ",",
                "L",
                "W",
                "#",
                "?",
                "1",
                "59",
                "99",
                " ",
                " ",
                "MON",
                "+",
              ),
              {
                maxLength: 30,
              },
            )
            .map((parts) => parts.join("")),
        ),
        (text) => {
          expect(["taken", "INVALID_OPTION"]).toContain(fateOf(text));
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("seconds come first in an expression of six fields", () => {
  const timing: ScheduleTiming = { kind: "cron", cron: "*/20 5 * * * *", timeZone: "UTC" };
  const from = Date.parse("2026-05-04T12:05:00Z");
  expect(between(timing, from, from + MINUTE, 9)).toEqual([from, from + 20_000, from + 40_000]);
});

test("an interval is counted from its start, and never before it", () => {
  const timing: ScheduleTiming = { kind: "interval", everyMs: 90_000, from: 1_000 };
  expect(nextAfter(timing, -5)).toBe(1_000);
  expect(nextAfter(timing, 1_000)).toBe(91_000);
  expect(between(timing, 0, 200_000, 9)).toEqual([1_000, 91_000, 181_000]);
  expect(between(timing, 91_000, 181_000, 9)).toEqual([91_000]);
  expect(latestUpTo(timing, 181_000, 2)).toEqual([91_000, 181_000]);
  expect(latestUpTo(timing, 999, 2)).toEqual([]);
  expect(latestUpTo(timing, 1e15, 3)).toHaveLength(3);
});

test("the oracle itself knows a plain day", () => {
  const cron: OracleCron = {
    text: "0 9 * * *",
    minutes: new Set([0]),
    hours: new Set([9]),
    days: undefined,
    months: undefined,
    weekdays: undefined,
    isListed: true,
  };
  const from = Date.parse("2026-05-04T00:00:00Z");
  expect(oracleTimes(cron, "Europe/Berlin", from, from + DAY)).toEqual([from + 7 * 60 * MINUTE]);
});
