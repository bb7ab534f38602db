/** Each fact of a run on a line for people, and as a record for programs. */
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { eventLine, eventRecord } from "../../src/cli/render-event.ts";
import { renderRun, type ShownRun } from "../../src/cli/render-run.ts";
import type { RecordedEvent, RunEvent } from "../../src/index.ts";
import { encodeValue } from "../../src/wire/value-codec.ts";

const plain = picocolors.createColors(false);
const NOON = Date.UTC(2026, 0, 31, 12);

function recorded(event: RunEvent): RecordedEvent {
  return { ...event, number: 3, sequence: 7, index: 0, epoch: 2 };
}

/** The part of the line that says what happened. */
function told(event: RunEvent): string {
  return eventLine(recorded(event), plain).replace(/^ +#3 +7 \S+ (\S+) */, "$1: ");
}

const at = NOON;
const activated = { type: "Activated", at, epoch: 2, worker: "w1", token: 5 } as const;
const child = { type: "ChildSubmitted", at, child: "pay#1", runId: "pay:x", queue: "pay" } as const;
const events: readonly (readonly [RunEvent, string])[] = [
  [{ ...activated, reason: "woken", version: "" }, "Activated: activation 2 on w1 (woken)"],
  [
    { ...activated, reason: "resumed", version: "v2" },
    "Activated: activation 2 on w1 (resumed), version v2",
  ],
  [
    { type: "Suspended", at, wakeAt: NOON, waits: ["signal go", "run pay:x"] },
    "Suspended: waits for signal go, run pay:x",
  ],
  [{ type: "InputFolded", at, sequence: 9, kind: "signal", name: "go" }, "InputFolded: signal go"],
  [
    { type: "InputFolded", at, sequence: 9, kind: "closed", name: "pay:x" },
    "InputFolded: closed pay:x",
  ],
  [
    { type: "CancelRequested", at, reason: "out of stock", by: "input" },
    "CancelRequested: out of stock",
  ],
  [{ ...child, onParentClose: "" }, "ChildSubmitted: pay#1 is pay:x"],
  [
    { ...child, onParentClose: "abandon" },
    "ChildSubmitted: pay#1 is pay:x, left alone when this run closes",
  ],
  [
    {
      type: "Annotated",
      at,
      progress: { done: 3, total: 10, message: "resizing" },
      tags: ["job:7"],
      attributes: { customer: "ann", paid: true, due: new Date(0) },
      exposed: { stage: encodeValue({ n: 1 }, "it") },
    },
    'Annotated: 3 of 10 (resizing); tags job:7; attributes customer=ann, paid=true, due=1970-01-01T00:00:00.000Z; stage={"n":1}',
  ],
  [{ type: "Patched", at, patch: "fraud-check" }, "Patched: fraud-check"],
  [{ type: "Cancelled", at, reason: "out of stock" }, "Cancelled: out of stock"],
];

test.each(events)("an event is one line: %o", (event, line) => {
  expect(told(event)).toBe(line);
});

test("what comes from outside cannot steer the terminal", () => {
  const line = told({ type: "CancelRequested", at, reason: "a\u001b[2J\nb", by: "input" });
  expect(line).not.toContain("\u001b");
  expect(line).not.toContain("\n");
});

test("an event as a record has times as text and values decoded", () => {
  const [, , suspended, , , , , , annotated] = events.map(([event]) =>
    eventRecord(recorded(event)),
  );
  expect(suspended).toMatchObject({
    wakeAt: "2026-01-31T12:00:00.000Z",
    waits: ["signal go", "run pay:x"],
  });
  expect(annotated).toMatchObject({ exposed: { stage: { n: 1 } }, progress: { done: 3 } });
  const never = recorded({ type: "Suspended", at, wakeAt: 0, waits: [] });
  expect(eventRecord(never)).toMatchObject({ wakeAt: null });
});

const RUN: ShownRun = {
  id: "checkout:order-42",
  status: "suspended",
  queue: "checkout",
  tags: [],
  metadata: {},
  attributes: {},
  inputBlob: undefined,
  outputBlob: undefined,
  commands: [],
  timeline: [],
  waits: [],
  queueDelayMs: 5,
  sequence: 7,
  lastEvent: { event: 3, sequence: 7, inFrame: 0 },
  input: undefined,
  submittedAt: new Date(NOON),
  startAt: undefined,
  deadlineAt: undefined,
  startedAt: new Date(NOON),
  closedAt: undefined,
  epoch: 1,
  worker: "",
  version: "",
  patches: [],
  takeOvers: 0,
  steps: [],
  timers: [],
  children: [],
  parent: undefined,
  origin: undefined,
  waitingFor: [],
  cancelReason: undefined,
  progress: undefined,
  exposed: {},
  parked: undefined,
  output: undefined,
  error: undefined,
  archived: undefined,
  foreign: [],
};

/** The facts of a run, name and text. */
function factsOf(run: Partial<ShownRun>): Record<string, string> {
  const lines = renderRun({ ...RUN, ...run }, plain);
  const pairs = lines.map((line) => /^ {2}(\S.*?) {2,}(.*)$/.exec(line)?.slice(1) ?? ["", ""]);
  return Object.fromEntries(pairs.filter(([name]) => name !== ""));
}

test("a run shows what it waits for, where it comes from, its code, and what it tells of itself", () => {
  const facts = factsOf({
    version: "2026-03-01",
    patches: ["fraud-check", "receipt"],
    parent: "day:1",
    waitingFor: ["signal go", "run pay:x"],
    progress: { done: 3, total: 10, message: "resizing" },
    exposed: { stage: { name: "warm-up" } },
    children: [
      {
        id: "pay#1",
        runId: "pay:x",
        closed: false,
        submittedAt: new Date(NOON),
        closedAt: undefined,
      },
    ],
    tags: ["job:7"],
  });
  expect(facts).toMatchObject({
    version: "2026-03-01",
    patches: "fraud-check, receipt",
    parent: "day:1",
    "waits for": "signal go, run pay:x",
    progress: "3 of 10 (resizing)",
    stage: '{"name":"warm-up"}',
    tags: "job:7",
  });
  expect(facts["pay#1"]).toMatch(/pay:x +open/);
});

test("a run that has not begun shows when it may, and until when it has time", () => {
  const facts = factsOf({
    status: "scheduled",
    startedAt: undefined,
    startAt: new Date(NOON),
    deadlineAt: new Date(NOON + 60_000),
  });
  expect(facts["not before"]).toMatch(/^2026-0\d-\d\d .*:00\.000$/);
  expect(facts).toHaveProperty("deadline");
  expect(facts).not.toHaveProperty("started");
  expect(factsOf({})).not.toHaveProperty("version");
});

test.each([
  ["out of stock", "out of stock"],
  ["", "(no reason given)"],
])("a run that is to stop shows why: %j", (cancelReason, shown) => {
  expect(factsOf({ cancelReason })["to stop"]).toBe(shown);
});
