import fc from "fast-check";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { humanDuration } from "../../src/cli/human-time.ts";
import { renderTimeline } from "../../src/cli/render-timeline.ts";
import { textWidth } from "../../src/cli/text-width.ts";
import { timeScale } from "../../src/debug/time-scale.ts";
import { type Timeline, timeline } from "../../src/debug/timeline.ts";
import { timelineSvg } from "../../src/debug/timeline-svg.ts";
import { type At, activated, completed, failed, recorded, step } from "./support/recorded.ts";
import { notWellFormed } from "./support/well-formed.ts";

const DAY = 86_400_000;

/** A run with all that can be drawn: retries, a take-over, a child, a timed receive, a month of sleep. */
const everything: readonly At[] = [
  activated(40),
  failed("charge#1", 40, 240, { retry: 1_240 }),
  step("charge#1", 1_240, 1_400, "paid", 2),
  [1_500, { type: "StepStarted", step: "pack#1", attempt: 1 }],
  activated(6_500, 2),
  step("pack#1", 6_510, 6_900),
  [
    6_910,
    { type: "ChildSubmitted", child: "ship#1", runId: "ship:x", queue: "ship", onParentClose: "" },
  ],
  [6_920, { type: "TimerSet", timer: "approval#1", fireAt: 9 }],
  [7_400, { type: "InputFolded", sequence: 3, kind: "signal", name: "approval" }],
  [7_410, { type: "InputFolded", sequence: 4, kind: "closed", name: "ship:x" }],
  [7_420, { type: "TimerSet", timer: "sleep#1", fireAt: 9 }],
  [7_500, { type: "Suspended", wakeAt: 9, waits: ["sleep#1"] }],
  activated(7_500 + 30 * DAY, 3, { reason: "woken" }),
  [7_600 + 30 * DAY, { type: "TimerFired", timer: "sleep#1" }],
  step("thank#1", 7_600 + 30 * DAY, 7_900 + 30 * DAY),
  completed(8_000 + 30 * DAY),
];

function drawn(events: readonly At[], width = 100, rows = 40): readonly string[] {
  const colors = picocolors.createColors(false);
  return renderTimeline(timeline(recorded({ events })), { width, rows, colors });
}

/** The line of a row, and its signs. */
function line(lines: readonly string[], label: string): string {
  return lines.find((one) => one.startsWith(label)) ?? `no line ${label}`;
}

test("what a run did is a row for each: the queue, the workers, steps, timers, receives and children", () => {
  const { rows, marks } = timeline(recorded({ events: everything }));
  expect(
    rows.map(
      ({ kind, label, bars }) => `${kind} ${label}: ${bars.map((bar) => bar.kind).join(" ")}`,
    ),
  ).toEqual([
    "queue queue: queued",
    "workers held: held held suspended held",
    "step charge#1: failed retry completed",
    "step pack#1: lost completed",
    "child ship#1: child",
    "receive approval#1: receive",
    "timer sleep#1: timer",
    "step thank#1: completed",
  ]);
  expect(marks.map(({ text }) => text)).toEqual(["w1 was lost, w2 took over", "signal approval"]);
});

test("a month of sleep takes no room from what happened, and is said to be left out", () => {
  const lines = drawn(everything);
  expect(lines.join("\n")).toContain("≈ not to scale: 30d 00h after 7.5s");
  const charge = line(lines, "charge#1");
  // 200 ms of 8 s that are drawn, on about 70 columns.
  expect(charge).toMatch(/▒✗·+█/);
  expect(charge.match(/·/g)?.length).toBeGreaterThan(5);
  expect(line(lines, "sleep#1")).toMatch(/≈/);
  expect(line(lines, "thank#1")).toMatch(/█{2}/);
});

test("a failed attempt, a lost one and a take-over have signs of their own, without any colour", () => {
  const lines = drawn(everything);
  expect(lines.join("")).not.toContain("\u001b");
  expect(line(lines, "charge#1")).toContain("✗");
  expect(line(lines, "pack#1")).toMatch(/▒+!.*█/);
  expect(line(lines, "marks")).toMatch(/!.*S/);
  expect(lines.join("\n")).toMatch(/^! \+6\.5s +w1 was lost, w2 took over$/m);
});

test("no line is wider than the terminal, whatever it is", () => {
  for (const width of [20, 60, 61, 80, 133, 200]) {
    for (const text of drawn(everything, width).slice(2, 13)) {
      expect(textWidth(text)).toBeLessThanOrEqual(Math.max(60, width));
    }
  }
});

test("what goes on points onward: a running step, a retry, a suspended run", () => {
  const running = drawn([
    activated(10),
    [20, { type: "StepStarted", step: "a#1", attempt: 1 }],
    [90, { type: "Patched", patch: "p" }],
  ]);
  expect(line(running, "a#1")).toMatch(/▶/);
  const retry = drawn([activated(10), failed("a#1", 10, 50, { retry: 900 })]);
  expect(line(retry, "a#1")).toMatch(/✗ .*goes on$/);
  const parked = drawn([
    activated(10),
    [30, { type: "Parked", reason: "mismatch", step: "a#1", expected: "x", asked: "y" }],
  ]);
  expect(parked.join("\n")).toContain("P +30ms");
});

test("cancellation and the fork of a run are marked at their time", () => {
  const lines = drawn([
    activated(10),
    [30, { type: "Forked", origin: "shop:o", event: 1, sequence: 9, request: "r", set: [] }],
    [50, { type: "CancelRequested", reason: "stock", by: "input" }],
    [60, { type: "Cancelled", reason: "stock" }],
  ]);
  expect(line(lines, "marks")).toMatch(/F.*C/);
  expect(lines.join("\n")).toContain("to be cancelled (input): stock");
});

const odd: readonly (readonly [string, readonly At[]])[] = [
  ["nothing at all", []],
  ["a run that waits in its queue", []],
  ["all at one instant", [activated(0), step("a#1", 0, 0), completed(0)]],
  [
    "clocks that go backwards",
    [
      activated(5_000),
      step("a#1", 4_000, 100),
      activated(-9_000, 2),
      step("b#1", 90, -400),
      completed(-10_000),
    ],
  ],
  [
    "only a sleep",
    [
      activated(0),
      [1, { type: "TimerSet", timer: "sleep#1", fireAt: 9 }],
      [DAY, { type: "TimerFired", timer: "sleep#1" }],
      completed(DAY),
    ],
  ],
  [
    "a hundred days of sleep",
    Array.from({ length: 100 }, (_, day): At => step(`a#${day}`, day * DAY, day * DAY + 5)),
  ],
  [
    "five thousand steps",
    Array.from({ length: 5_000 }, (_, at): At => step(`a#${at}`, at * 10, at * 10 + 25)),
  ],
  ["everything", everything],
];

test.each(odd)("%s is drawn within its bounds, as text and as a picture", (_, events) => {
  const picture = timeline(recorded({ events }));
  const lines = drawn(events, 80);
  expect(lines.length).toBeLessThan(90);
  for (const text of lines.slice(2, 5)) expect(textWidth(text)).toBeLessThanOrEqual(80);
  checkPicture(picture);
});

test("of thousands of rows the middle is one, with how many and how many failed", () => {
  const events = Array.from({ length: 3_000 }, (_, at): At => {
    return at === 1_500
      ? failed("bad#1", at * 10, at * 10 + 5)
      : step(`a#${at}`, at * 10, at * 10 + 5);
  });
  const lines = drawn(events, 100, 20);
  expect(lines.filter((text) => /^a#\d/.test(text)).length).toBe(18);
  expect(line(lines, "… 2982 more")).toMatch(/✗.*1 failed$/);
});

test("times on a scale keep their order and stay on the canvas", () => {
  const anyBar = fc.tuple(fc.nat(1_000_000_000), fc.nat(1_000_000_000));
  fc.assert(
    fc.property(
      fc.array(anyBar, { maxLength: 12 }),
      fc.integer({ min: 20, max: 200 }),
      (bars, width) => {
        const events = bars.map(([from, length], at) => step(`a#${at}`, from, from + length));
        const picture = timeline(recorded({ events }));
        const { at, breaks } = timeScale(picture, width, 3);
        const moments = [
          picture.from,
          picture.to,
          ...events.map(([after]) => picture.from + after),
        ];
        const places = moments.toSorted((one, other) => one - other).map(at);
        expect(places).toEqual(places.toSorted((one, other) => one - other));
        for (const place of places) {
          expect(place).toBeGreaterThanOrEqual(0);
          expect(place).toBeLessThanOrEqual(width);
        }
        for (const { x0, x1 } of breaks) expect(x1).toBeGreaterThanOrEqual(x0);
      },
    ),
  );
});

const HOSTILE = `</text><script>alert(1)</script>"'&]]>\u0000\u001b[2J\u202e\ud800<svg onload="x">`;

test("names and errors from outside are text in the picture, and in the terminal", () => {
  const events = [
    activated(10, 1, { worker: HOSTILE }),
    failed(`${HOSTILE}#1`, 10, 20, { error: new Error(HOSTILE) }),
    [30, { type: "CancelRequested", reason: HOSTILE, by: "input" }],
  ] as const satisfies readonly At[];
  const picture = timeline(recorded({ events }));
  const svg = timelineSvg(picture, { duration: humanDuration });
  expect(notWellFormed(svg)).toBeUndefined();
  expect(svg).not.toMatch(/<script|onload="/);
  expect(svg).toContain("&#60;script&#62;");
  expect(drawn(events).join("")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});

test("any text in a picture leaves it well-formed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      const svg = timelineSvg(timeline(recorded({ events: [step(text, 0, 10)] })), {
        duration: humanDuration,
      });
      expect(notWellFormed(svg)).toBeUndefined();
    }),
  );
});

test("a picture has a title and a description, and says in words what each bar is", () => {
  const svg = timelineSvg(timeline(recorded({ events: everything })), { duration: humanDuration });
  expect(svg).toMatch(/role="img" aria-labelledby="title desc"/);
  expect(svg).toContain('<title id="title">shop:a: completed</title>');
  expect(svg).toContain("3 steps in 30d 00h from 2026-05-04T12:00:00.000Z");
  expect(svg).toContain("<title>attempt 1 failed: Error: busy (200ms)</title>");
  expect(svg).toContain("prefers-color-scheme:dark");
  expect(svg).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
});

/** Geometry of a picture: well-formed, no bar off the canvas, no rows over each other. */
function checkPicture(picture: Timeline): void {
  const svg = timelineSvg(picture, { duration: humanDuration });
  expect(notWellFormed(svg)).toBeUndefined();
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
  const bars = [
    ...svg.matchAll(
      /<rect class="(?!ground|break)\w+" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
    ),
  ];
  const rows = new Set<number>();
  for (const [, x, y, w, h] of bars.map((found) => found.map(Number))) {
    expect(x).toBeGreaterThanOrEqual(202);
    expect(Number(x) + Number(w)).toBeLessThanOrEqual(202 + 620 + 0.01);
    expect(Number(y) + Number(h)).toBeLessThanOrEqual(Number(height));
    const row = Math.floor((Number(y) - 56) / 22);
    expect(Number(y) + Number(h)).toBeLessThanOrEqual(56 + (row + 1) * 22);
    rows.add(row);
  }
  expect(rows.size).toBe(Math.min(200, picture.rows.length));
  expect(Number(width)).toBeGreaterThan(800);
}
