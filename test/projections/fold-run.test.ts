import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RecordedFrame } from "../../src/engine/frame.ts";
import type { RunEvent } from "../../src/engine/run-event.ts";
import { parseRunId, type RunId } from "../../src/engine/run-id.ts";
import { foldFrames } from "../../src/engine/run-state.ts";
import { runStatus } from "../../src/engine/run-status.ts";
import type { Submission } from "../../src/engine/submission.ts";
import type { FedMessage } from "../../src/ports/event-feed.ts";
import { foldBatch } from "../../src/projections/fold-batch.ts";
import { foldFact, foldMessage } from "../../src/projections/fold-run.ts";
import { type RunFact, readFact } from "../../src/projections/run-fact.ts";
import type { RunRow } from "../../src/projections/run-row.ts";
import { storableTime } from "../../src/projections/storable.ts";
import { anyEvent, anyFrameOf } from "../engine/support/arbitraries.ts";
import { activated, appended, failed, fed, PLAIN, put, RUN, submitted } from "./support/fed.ts";

function rowAfter(...messages: readonly FedMessage[]): RunRow | undefined {
  let row: RunRow | undefined;
  for (const message of messages) row = foldMessage(row, message, [1]);
  return row;
}

const started = [
  submitted(1),
  appended(2, { prev: 0, status: "running" }, activated(1_100)),
] as const;
const event = (at: number, type: "Resumed" | "Completed" | "Released"): RunEvent => {
  if (type === "Resumed") return { type, at, retry: [] };
  return type === "Released"
    ? { type, at }
    : { type, at, output: { encoding: "json", data: new Uint8Array([49]) } };
};

const takeOver = (sequence: number): FedMessage =>
  appended(sequence, { prev: sequence - 1, status: "running" }, activated(1_200, "takeover"));

const told = (sequence: number, done: number, tags: readonly string[]): FedMessage =>
  appended(
    sequence,
    { prev: sequence - 1, status: "running" },
    {
      type: "Annotated",
      at: 1_200,
      progress: { done, total: 10, message: "on it" },
      tags,
      attributes: { done },
      exposed: {},
    },
  );

describe("a submission", () => {
  test("makes the row, with its own id as the root of its family", () => {
    expect(rowAfter(submitted(7, { tags: ["a", "b"], deadlineAt: 9_000 }))).toMatchObject({
      id: RUN,
      flow: "checkout",
      key: "order-42",
      queue: "checkout",
      partition: 0,
      status: "pending",
      parent: "",
      root: RUN,
      depth: 0,
      submittedAt: 1_000,
      updatedAt: 1_000,
      deadlineAt: 9_000,
      tags: ["a", "b"],
      submissionSequence: 7,
      headSequence: 0,
    });
  });

  test.each([
    [0, "pending"],
    [1_000, "pending"],
    [1_001, "scheduled"],
  ])("that may start at %i, made at 1000, is %s", (startAt, status) => {
    expect(rowAfter(submitted(1, { startAt }))?.status).toBe(status);
  });

  test("of a child names its parent and the family's root", () => {
    const parent = { runId: "a:1", queue: "a", root: "r:1", depth: 2 };
    expect(rowAfter(submitted(1, { parent }))).toMatchObject({
      parent: "a:1",
      root: "r:1",
      depth: 2,
    });
  });

  test("of the same key in another queue adds nothing, and the history says whose queue it is", () => {
    const both = [submitted(1, { tags: ["first"] }), submitted(2, { queue: "b", tags: ["b"] })];
    expect(rowAfter(...both)).toMatchObject({ queue: "checkout", tags: ["first"] });
    const frame = appended(3, { prev: 0, status: "running", queue: "b" }, activated(1_100));
    expect(rowAfter(...both, frame)).toMatchObject({
      queue: "b",
      tags: ["first"],
      submissionSequence: 1,
    });
  });

  test("that waits in a place for priorities is of its queue all the same", () => {
    const message = submitted(1);
    const subject = message.subject.replace("new.checkout.", "new.checkout--high.");
    expect(rowAfter({ ...message, subject })?.queue).toBe("checkout");
  });

  test("is taken after the history that it belongs to as well as before", () => {
    const [submission, frame] = started;
    expect(rowAfter(frame, submission)).toEqual(rowAfter(submission, frame));
  });
});

describe("a frame", () => {
  test("tells who holds the run, since when, and in which version", () => {
    expect(rowAfter(...started)).toMatchObject({
      status: "running",
      worker: "w1",
      version: "v2",
      epoch: 1,
      startedAt: 1_100,
      updatedAt: 1_100,
      closedAt: 0,
      headSequence: 2,
    });
  });

  test("that gives the run up in good order leaves it pending, held by nobody", () => {
    const row = rowAfter(
      ...started,
      appended(3, { prev: 2, status: "released" }, event(1_200, "Released")),
    );
    expect(row).toMatchObject({ status: "pending", worker: "", updatedAt: 1_200 });
  });

  test("that suspends says what for and until when, and the next one takes that back", () => {
    const suspended = appended(
      3,
      { prev: 2, status: "suspended" },
      { type: "Suspended", at: 1_200, wakeAt: 5_000, waits: ["timer sleep#1"] },
    );
    const asleep = rowAfter(...started, suspended);
    expect(asleep).toMatchObject({ status: "suspended", wakeAt: 5_000, waits: ["timer sleep#1"] });
    const woken = appended(4, { prev: 3, status: "running" }, activated(5_000, "woken"));
    expect(rowAfter(...started, suspended, woken)).toMatchObject({ wakeAt: 0, waits: [] });
  });

  test("counts take-overs, and since the last progress", () => {
    const fired = appended(
      5,
      { prev: 4, status: "running" },
      { type: "TimerFired", at: 1_300, timer: "t" },
    );
    expect(rowAfter(...started, takeOver(3), takeOver(4))).toMatchObject({
      takeOvers: 2,
      crashes: 2,
    });
    expect(rowAfter(...started, takeOver(3), takeOver(4), fired)).toMatchObject({
      takeOvers: 2,
      crashes: 0,
    });
  });

  test("that fails the run keeps what can be read of the error, until the run is resumed", () => {
    const end = appended(3, { prev: 2, status: "failed" }, failed(1_200, "RangeError", "no 42"));
    expect(rowAfter(...started, end)).toMatchObject({
      status: "failed",
      closedAt: 1_200,
      errorName: "RangeError",
      errorMessage: "no 42",
      errorFingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    const resumed = appended(4, { prev: 3, status: "running" }, event(1_300, "Resumed"));
    expect(rowAfter(...started, end, resumed)).toMatchObject({
      status: "running",
      closedAt: 0,
      errorName: "",
      errorMessage: "",
      errorFingerprint: "",
    });
  });

  test.each([
    ["behind a codec", { encoding: "error", codec: "aes-gcm", data: new Uint8Array([1]) }],
    ["that is no error record", { encoding: "error", data: new Uint8Array([1]) }],
    ["of another encoding", { encoding: "json", data: new TextEncoder().encode("{}") }],
    ["in a blob", { encoding: "error", blob: { store: "s3", key: "k", sha256: "", size: 1 } }],
  ] as const)("with an error %s fails the run without a text", (_, error) => {
    const end = appended(
      3,
      { prev: 2, status: "failed" },
      { type: "Failed", at: 1_200, step: "", error },
    );
    expect(rowAfter(...started, end)).toMatchObject({ status: "failed", errorName: "" });
  });

  test("that parks the run says why, until the run goes on", () => {
    const parked = appended(
      3,
      { prev: 2, status: "parked" },
      { type: "Parked", at: 1_200, reason: "mismatch", expected: "a", asked: "b", step: "" },
    );
    const resumed = appended(4, { prev: 3, status: "running" }, event(1_300, "Resumed"));
    expect(rowAfter(...started, parked)?.parked).toBe("mismatch");
    expect(rowAfter(...started, parked, resumed)?.parked).toBe("");
  });

  test("with what the flow tells replaces what it told before, beside the submission's tags", () => {
    const first = submitted(1, { tags: ["own"], attributes: { done: 0, who: "ann" } });
    const row = rowAfter(first, started[1], told(3, 1, ["x"]), told(4, 2, ["x", "y"]));
    expect(row).toMatchObject({
      tags: ["own"],
      addedTags: ["x", "y"],
      attributes: { done: 2, who: "ann" },
      progress: { done: 2, total: 10, message: "on it" },
    });
  });

  test("that asks the run to stop says why once: the first reason counts", () => {
    const asked = appended(
      3,
      { prev: 2, status: "cancelling" },
      { type: "CancelRequested", at: 1_200, reason: "customer called", by: "input" },
    );
    const end = appended(
      4,
      { prev: 3, status: "cancelled" },
      { type: "Cancelled", at: 1_300, reason: "otherwise" },
    );
    expect(rowAfter(...started, asked, end)).toMatchObject({
      status: "cancelled",
      cancelReason: "customer called",
    });
  });

  test.each([
    ["of an older chain", appended(3, { prev: 0, status: "completed" }, event(1_200, "Completed"))],
    ["that skips one", appended(9, { prev: 8, status: "completed" }, event(1_200, "Completed"))],
    ["that is no frame", fed("h", "mr.test.0.h.checkout.order-42", 3, new Uint8Array([1, 2]))],
    ["on a subject too long", fed("h", "mr.test.0.h.checkout.order-42.x", 3, started[1].data)],
  ])("%s is foreign and changes nothing (I2, I11)", (_, foreign) => {
    const before = rowAfter(...started);
    expect(foldMessage(before, foreign, [1])).toBe(before);
    expect(foldMessage(undefined, { ...foreign, data: new Uint8Array() }, [1])).toBeUndefined();
  });
});

describe("an input", () => {
  test("counts in the run's own queue, and nowhere else", () => {
    expect(rowAfter(...started, put(5))?.lastInput).toBe(5);
    expect(rowAfter(...started, put(5, "other"))?.lastInput).toBe(0);
  });

  test("that came before the run is known counts once the history has folded it", () => {
    const frame = appended(3, { prev: 0, status: "running", inboxFolded: 1 }, activated(1_100));
    expect(rowAfter(put(1), submitted(2), frame)).toMatchObject({ inboxFolded: 1, lastInput: 1 });
  });

  test("of a former queue counts no more when the history names another", () => {
    const frame = appended(3, { prev: 0, status: "running", queue: "other" }, activated(1_100));
    expect(rowAfter(submitted(1), put(2), frame)).toMatchObject({ queue: "other", lastInput: 0 });
  });

  test("for a run that nobody submitted makes no row", () => {
    expect(rowAfter(put(1))).toBeUndefined();
  });
});

describe("the archive", () => {
  const submission: Submission = { ...PLAIN, tags: ["a"], attributes: { who: "ann" } };
  const file = { store: "s3", key: "archive/1", sha256: "", size: 9 };
  const archived = (runId: RunId): RunEvent => ({
    type: "Archived",
    at: 1_300,
    file,
    archivedAt: 9_000,
    submission: { ...submission, runId },
    inboxUpTo: 4,
    runStartedAt: 1_100,
    takeOvers: 2,
    crashes: 1,
    version: "v2",
    cancelReason: "",
  });
  const stub = (runId: RunId = RUN): FedMessage =>
    appended(
      10,
      { prev: 0, status: "completed", inboxFolded: 4 },
      archived(runId),
      event(1_300, "Completed"),
    );
  const mark = submitted(11, {
    ...submission,
    archived: { file, archivedAt: 9_000, restoredAt: 0 },
  });

  test("leaves a row that tells the same whether or not what is gone was seen", () => {
    const all = [...started, put(4), put(6), stub(), mark];
    const left = [stub(), mark];
    expect(rowAfter(...all)).toEqual(rowAfter(...left));
    expect(rowAfter(...left)).toMatchObject({
      archived: "archive/1",
      status: "completed",
      tags: ["a"],
      attributes: { who: "ann" },
      submittedAt: 1_000,
      startedAt: 1_100,
      closedAt: 1_300,
      takeOvers: 2,
      crashes: 1,
      version: "v2",
      headSequence: 10,
      submissionSequence: 11,
      lastInput: 4,
    });
  });

  test("of another run is not this one's", () => {
    const before = rowAfter(...started);
    expect(foldMessage(before, stub("checkout:order-43"), [1])).toBe(before);
  });

  test("has no inbox: what is put there later counts for nothing", () => {
    expect(rowAfter(stub(), mark, put(12))?.lastInput).toBe(4);
  });

  const unmarked = (sequence: number): FedMessage =>
    submitted(sequence, {
      ...submission,
      archived: { file, archivedAt: 9_000, restoredAt: 9_500 },
    });
  const whole = appended(
    20,
    { prev: 0, status: "completed", epoch: 2, inboxFolded: 15 },
    activated(1_100),
    activated(1_200, "takeover"),
    event(1_300, "Completed"),
  );

  test("leaves a row that tells the same when who put the run back died before its history was there", () => {
    const all = [...started, stub(), mark, put(15), unmarked(16)];
    const left = [stub(), put(15), unmarked(16)];
    expect(rowAfter(...all)).toEqual(rowAfter(...left));
  });

  test("leaves a row that tells the same when who put the run back died after its history was there", () => {
    const all = [submitted(1, submission), ...started.slice(1), stub(), mark, unmarked(16), whole];
    const left = [unmarked(16), whole];
    expect(rowAfter(...all)).toEqual(rowAfter(...left));
    expect(rowAfter(...left)).toMatchObject({ attributes: { who: "ann" }, epoch: 2 });
  });

  test("is left by a run of which the projection has read the beginning and nothing since", () => {
    const all = [...started, whole, unmarked(21)];
    const left = [whole, unmarked(21)];
    expect(rowAfter(...all)).toEqual(rowAfter(...left));
    expect(rowAfter(...left)).toMatchObject({ status: "completed", headSequence: 20 });
  });
});

test("a message of another partition's run, or that speaks of another run than its subject, makes no row", () => {
  const message = submitted(1);
  expect([0, 1, 2, 3].filter((at) => readFact({ ...message, partition: at }, [4]))).toHaveLength(1);
  const subject = message.subject.replace("order-42", "order-43");
  expect(rowAfter({ ...message, subject })).toBeUndefined();
});

test("texts, tags and times that no worker writes are kept as any database takes them", () => {
  const parent = { runId: "a:1", queue: "a", root: "r:1", depth: 4_294_967_295 };
  const hostile = [
    submitted(1, { tags: ["ok", "ok", "n\0l", "x".repeat(257), ""], startAt: 1.8e19, parent }),
    appended(
      2,
      { prev: 0, status: "running", epoch: 4_294_967_295, inboxFolded: 1.8e19 },
      {
        type: "Activated",
        at: 1.8e19,
        epoch: 1,
        worker: "",
        token: 1,
        reason: "submitted",
        version: "a\0b",
      },
      {
        type: "Annotated",
        at: 1,
        progress: { done: Number.NaN, total: Number.POSITIVE_INFINITY, message: "\0" },
        tags: [],
        attributes: { zero: -0 },
        exposed: {},
      },
    ),
  ];
  const end = appended(
    3,
    { prev: 2, status: "failed" },
    failed(5, "E\ud800", `${"x".repeat(999)}😀`),
  );
  expect(rowAfter(...hostile, end)).toMatchObject({
    tags: ["ok"],
    depth: 4_294_967_295,
    startAt: 0,
    startedAt: 0,
    updatedAt: 5,
    epoch: 1,
    inboxFolded: 0,
    version: "a\ufffdb",
    attributes: { zero: 0 },
    progress: { done: 0, total: 0, message: "\ufffd" },
    errorName: "E\ufffd",
    errorMessage: `${"x".repeat(999)}\ufffd`,
  });
});

/** A chain of any frames: sequences rise, each names the one before. */
const anyHistory = fc
  .array(anyFrameOf(anyEvent), { minLength: 1, maxLength: 8 })
  .map((frames): readonly RecordedFrame[] =>
    frames.map((frame, at) => ({ ...frame, sequence: (at + 1) * 10, prev: at * 10 })),
  );

test("a row says what the whole history says", () => {
  const run = parseRunId(RUN);
  fc.assert(
    fc.property(anyHistory, (frames) => {
      let row: RunRow | undefined;
      for (const frame of frames) {
        const { sequence } = frame;
        row = foldFact(row, { kind: "frame", run, partition: 0, sequence, frame });
      }
      const state = foldFrames(frames);
      if (row === undefined || state === undefined) throw new Error("There is a history");
      expect(row).toMatchObject({
        status: runStatus(state.status),
        takeOvers: state.takeOvers,
        crashes: state.crashes,
        headSequence: state.sequence,
      });
      const times = frames.flatMap(({ events }) => events.map(({ at }) => storableTime(at)));
      const closedAt = state.closedAt === undefined ? 0 : Math.max(0, ...times);
      expect(row.closedAt).toBe(closedAt);
      expect(row.parked !== "").toBe((state.parked?.reason ?? "") !== "");
      expect(row.worker === "").toBe(state.worker === "");
    }),
  );
});

const RUNS = ["checkout:a", "checkout:b", "ship:a"].map((id) => parseRunId(id));

/** Messages of a few runs in any order, some of which continue their run's history. */
const anyFacts = fc
  .array(
    fc.record({
      run: fc.constantFrom(...RUNS),
      what: fc.constantFrom("submission", "input", "frame", "frame", "foreign"),
      frame: anyFrameOf(anyEvent),
    }),
    { maxLength: 40 },
  )
  .map((parts) => {
    const heads = new Map<string, number>();
    return parts.map(({ run, what, frame }, at): RunFact => {
      const sequence = at + 1;
      const place = { run, partition: 0, sequence };
      if (what === "input") return { kind: "input", ...place, queue: run.flow };
      if (what === "submission") {
        const fact = readFact(submitted(sequence, { runId: run.id, queue: run.flow }), [1]);
        if (fact !== undefined) return fact;
      }
      const prev = what === "foreign" ? frame.prev : (heads.get(run.id) ?? 0);
      if (what !== "foreign") heads.set(run.id, sequence);
      return { kind: "frame", ...place, frame: { ...frame, sequence, prev } };
    });
  });

test("rows are the same however the messages are put into batches (I10)", () => {
  fc.assert(
    fc.property(anyFacts, fc.array(fc.nat(40)), (facts, cuts) => {
      expect(foldedIn(facts, cuts)).toEqual(
        foldedIn(
          facts,
          facts.map((_, at) => at),
        ),
      );
    }),
  );
});

function foldedIn(facts: readonly RunFact[], cuts: readonly number[]): readonly RunRow[] {
  const rows = new Map<string, RunRow>();
  const ends = [...cuts.filter((cut) => cut < facts.length), facts.length].toSorted(
    (one, other) => one - other,
  );
  let from = 0;
  for (const end of ends) {
    for (const { before, after } of foldBatch((id) => rows.get(id), facts.slice(from, end))) {
      expect(before).toBe(rows.get(after.id));
      rows.set(after.id, after);
    }
    from = end;
  }
  return [...rows.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1));
}
