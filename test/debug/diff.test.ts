import { expect, test } from "vitest";
import { diff } from "../../src/debug/diff.ts";
import type { FactDifference } from "../../src/debug/fact-diff.ts";
import { childKey } from "../../src/history/own-child.ts";
import type { RecordedRun } from "../../src/history/recorded-run.ts";
import { encodeValue } from "../../src/wire/value-codec.ts";
import { type At, activated, completed, failed, recorded, step } from "./support/recorded.ts";

const events: readonly At[] = [
  activated(10),
  step("price#1", 10, 40, { total: 12, lines: [1, 2] }),
  step("charge#1", 40, 140, "paid"),
  completed(150, { paid: true }),
];

/** What is not the same, each in a word or two. */
function named(differences: readonly FactDifference[]): string[] {
  return differences.map((one) => {
    if (one.kind === "changed") {
      return `${one.a.key}: ${one.values.differences.map(({ path }) => path).join(" ")}`;
    }
    return `${one.kind} ${one.kind === "only-in-a" ? one.a.key : one.b.key}`;
  });
}

function parallel(first: string, second: string): readonly At[] {
  return [
    activated(10),
    step(first, 10, 40, first),
    step(second, 10, 60, second),
    completed(80, "done"),
  ];
}

function broken(message: string): readonly At[] {
  return [activated(10), failed("price#1", 10, 40, { error: new TypeError(message) })];
}

function child(runId: string): At {
  return [20, { type: "ChildSubmitted", child: "ship#1", runId, queue: "ship", onParentClose: "" }];
}

function closed(sequence: number, name: string): At {
  return [30, { type: "InputFolded", sequence, kind: "closed", name }];
}

function voted(...values: readonly unknown[]): RecordedRun {
  return recorded({
    events: [
      activated(10),
      ...values.map(
        (_, at): At => [
          20 + at,
          { type: "InputFolded", sequence: at + 1, kind: "signal", name: "vote" },
        ],
      ),
    ],
    inbox: Object.fromEntries(
      values.map((value, at) => [
        at + 1,
        { type: "Signal", name: "vote", payload: encodeValue(value, "it") },
      ]),
    ),
  });
}

function parked(reason: string, patches: readonly string[]): RecordedRun {
  return recorded({
    events: [
      activated(10),
      ...patches.map((patch): At => [12, { type: "Patched", patch }]),
      [20, { type: "CancelRequested", reason, by: "input" }],
      [30, { type: "Parked", reason: "mismatch", step: "a#1", expected: "x", asked: reason }],
    ],
  });
}

function telling(stage: string, before: string): RecordedRun {
  const tellings = [before, stage].map(
    (text): At => [
      20,
      {
        type: "Annotated",
        progress: undefined,
        tags: ["job:7"],
        attributes: {},
        exposed: { stage: encodeValue(text, "it") },
      },
    ],
  );
  return recorded({ events: [activated(10), ...tellings, completed(40)] });
}

function stored(sha256: string, store: string): RecordedRun {
  const blob = { store, key: `${store}/1`, sha256, size: 900_000 };
  const output = { encoding: "json", blob };
  return recorded({ events: [activated(10), [20, { type: "Completed", output }]] });
}

test("a run beside itself is the same, and nothing is told of it but its times", () => {
  const run = recorded({ input: { cart: 7 }, events });
  const { isSame, divergence, differences, order, shared, timings } = diff(run, run);
  expect({ isSame, divergence, differences, order, shared }).toEqual({
    isSame: true,
    divergence: undefined,
    differences: [],
    order: undefined,
    shared: undefined,
  });
  expect(timings.map(({ id, ratio }) => [id, ratio])).toEqual([
    ["price#1", 1],
    ["charge#1", 1],
  ]);
});

test("the first divergence is the first step whose outcome differs, with the path at which it does", () => {
  const a = recorded({ input: { cart: 7 }, events });
  const b = recorded({
    id: "shop:b",
    input: { cart: 8 },
    events: [
      activated(10),
      step("price#1", 10, 40, { total: 13, lines: [1, 2] }),
      step("charge#1", 40, 140, "paid"),
      completed(150, { paid: false }),
    ],
  });
  const found = diff(a, b);
  expect(found.isSame).toBe(false);
  expect(found.submission.differences).toEqual([
    { path: "$.input.cart", kind: "changed", a: 7, b: 8 },
  ]);
  expect(found.divergence).toMatchObject({
    after: 0,
    a: { text: "step price#1 completed", place: { event: 2, sequence: 20 } },
    b: { text: "step price#1 completed" },
  });
  expect(named(found.differences)).toEqual(["price#1: $.output.total", "end: $.output.paid"]);
});

test("steps that settle in another order are no difference, and the order is told", () => {
  const a = recorded({ events: parallel("left#1", "right#1") });
  const b = recorded({ id: "shop:b", events: parallel("right#1", "left#1") });
  const { isSame, order } = diff(a, b);
  expect(isSame).toBe(true);
  expect(order).toMatchObject({ a: { key: "left#1" }, b: { key: "right#1" } });
});

test("attempts, take-overs, workers, versions and times do not make runs different", () => {
  const a = recorded({ events });
  const b = recorded({
    id: "shop:b",
    events: [
      activated(10, 1, { version: "v1" }),
      failed("price#1", 10, 30, { retry: 1_000 }),
      activated(6_000, 2, { version: "v2" }),
      step("price#1", 6_000, 6_090, { total: 12, lines: [1, 2] }, 2),
      step("charge#1", 6_100, 6_150, "paid"),
      completed(6_200, { paid: true }),
    ],
  });
  const found = diff(a, b);
  expect(found.isSame).toBe(true);
  expect(found.b).toMatchObject({
    takeOvers: 1,
    activations: 2,
    workers: ["w1", "w2"],
    versions: ["v1", "v2"],
    failedAttempts: 1,
  });
  expect(found.timings).toEqual([
    {
      kind: "step",
      id: "price#1",
      a: { ms: 30, attempts: 1 },
      b: { ms: 6_080, attempts: 2 },
      ratio: 6_080 / 30,
      isShared: false,
    },
    {
      kind: "step",
      id: "charge#1",
      a: { ms: 100, attempts: 1 },
      b: { ms: 50, attempts: 1 },
      ratio: 0.5,
      isShared: false,
    },
  ]);
});

test("where one run has a step more, both sides say with what they go on", () => {
  const a = recorded({ events });
  const more = [...events.slice(0, 2), step("check#1", 40, 45, "ok"), ...events.slice(2)];
  const b = recorded({ id: "shop:b", events: more });
  const found = diff(a, b);
  expect(found.divergence).toMatchObject({
    after: 1,
    a: { text: "step charge#1 completed" },
    b: { text: "step check#1 completed", place: { event: 3 } },
  });
  expect(named(found.differences)).toEqual(["only-in-b check#1"]);
});

test("a run that goes on and one that has ended part where the first one says nothing more", () => {
  const found = diff(recorded({ events: events.slice(0, 2) }), recorded({ id: "shop:b", events }));
  expect(found.divergence).toMatchObject({ a: undefined, b: { key: "charge#1" } });
  expect(found.a.status).toBe("running");
  expect(diff(recorded({ events: [] }), recorded({ events })).a.status).toBe("pending");
});

test("a step that failed and one that completed differ, and so do two errors", () => {
  const a = recorded({ events });
  expect(named(diff(a, recorded({ events: broken("no till") })).differences)[0]).toBe(
    "price#1: $.status $.output $.error",
  );
  const two = diff(recorded({ events: broken("x") }), recorded({ events: broken("y") }));
  expect(named(two.differences)).toEqual(["price#1: $.error.message"]);
});

test("children under keys that their parents' ids make are the same child, others are not", () => {
  const own = (id: "shop:a" | "shop:b", output: unknown) => {
    const runId = `ship:${childKey(id, "ship#1")}`;
    const outcome = { status: "completed", output: encodeValue(output, "it") } as const;
    return recorded({
      id,
      events: [activated(10), child(runId), closed(7, runId), completed(40)],
      inbox: { 7: { type: "RunClosed", runId, outcome } },
    });
  };
  expect(diff(own("shop:a", 1), own("shop:b", 1)).isSame).toBe(true);
  expect(named(diff(own("shop:a", 1), own("shop:b", 2)).differences)).toEqual([
    "end of child ship#1: $.output",
  ]);
  const given = recorded({
    id: "shop:b",
    events: [activated(10), child("ship:mine"), completed(40)],
  });
  expect(named(diff(own("shop:a", 1), given).differences)).toEqual([
    "child ship#1: $.key",
    "only-in-a end of child ship#1",
  ]);
});

test("signals are compared by name and turn: values, and one that never came", () => {
  expect(named(diff(voted("yes", "no"), voted("yes", "yes")).differences)).toEqual([
    "signal vote (2): $.value",
  ]);
  expect(named(diff(voted("yes"), voted("yes", "no")).differences)).toEqual([
    "only-in-b signal vote (2)",
  ]);
});

test("cancellations, patches and how a run was parked are compared", () => {
  expect(named(diff(parked("stock", ["p"]), parked("price", [])).differences)).toEqual([
    "only-in-a patch p",
    "request to cancel: $.reason",
    "parked: $.asked",
  ]);
});

test("what the flow tells of itself is compared as it is at last", () => {
  expect(diff(telling("packed", "new"), telling("packed", "other")).isSame).toBe(true);
  expect(diff(telling("packed", "new"), telling("sent", "new")).told.differences).toEqual([
    { path: "$.exposed.stage", kind: "changed", a: "packed", b: "sent" },
  ]);
});

test("values that are not opened are compared by their content, wherever they are kept", () => {
  expect(diff(stored("ab", "here"), stored("ab", "there")).isSame).toBe(true);
  expect(named(diff(stored("ab", "here"), stored("cd", "here")).differences)).toEqual([
    "end: $.output",
  ]);
});

test("a fork shares the past that was copied, and only what came after is compared for its time", () => {
  const a = recorded({ events });
  const b = recorded({
    id: "shop:b",
    events: [
      ...events.slice(0, 2),
      [900, forkedFrom("shop:a", 2)],
      activated(910, 2, { reason: "forked" }),
      step("charge#1", 920, 940, "free"),
      completed(950, { paid: false }),
    ],
  });
  const found = diff(a, b);
  expect(found.shared).toEqual({ origin: "shop:a", events: 2 });
  expect(named(found.differences)).toEqual(["charge#1: $.output", "end: $.output.paid"]);
  expect(found.timings.map(({ id, isShared }) => [id, isShared])).toEqual([
    ["price#1", true],
    ["charge#1", false],
  ]);
  expect(diff(b, a).shared).toEqual(found.shared);
});

test("two forks of one run share the shorter of what they copied; a rerun shares nothing", () => {
  const fork = (id: "shop:b" | "shop:c", copied: number): RecordedRun =>
    recorded({
      id,
      events: [...events.slice(0, copied), [900, forkedFrom("shop:a", copied)], completed(950)],
    });
  expect(diff(fork("shop:b", 3), fork("shop:c", 2)).shared).toEqual({
    origin: "shop:a",
    events: 2,
  });
  expect(diff(recorded({ events }), recorded({ id: "shop:b", events })).shared).toBeUndefined();
});

test("a child that was submitted before the fork is the same child, though its key is the origin's", () => {
  const before = [activated(10), child(`ship:${childKey("shop:a", "ship#1")}`)];
  const a = recorded({ events: before });
  const b = recorded({ id: "shop:b", events: [...before, [90, forkedFrom("shop:a", 2)]] });
  const rerun = recorded({
    id: "shop:c",
    events: [activated(10), child(`ship:${childKey("shop:c", "ship#1")}`)],
  });
  expect(diff(a, b).isSame).toBe(true);
  expect(diff(b, rerun).isSame).toBe(true);
});

function forkedFrom(origin: string, event: number): At[1] {
  return { type: "Forked", origin, event, sequence: event * 10, request: "r", set: [] };
}
