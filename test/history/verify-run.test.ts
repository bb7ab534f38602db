import { describe, expect, test } from "vitest";
import type { RecordedFrame } from "../../src/engine/frame.ts";
import type { RecordedRun } from "../../src/history/recorded-run.ts";
import { chain } from "../../src/history/run-history.ts";
import { type VerifiableRun, verifyRun } from "../../src/history/verify-run.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import { encodeFrame } from "../../src/wire/frame-codec.ts";
import { encodeValue } from "../../src/wire/value-codec.ts";
import {
  type At,
  activated,
  completed,
  failed,
  recorded,
  step,
} from "../debug/support/recorded.ts";

describe("a sound run has no flaw", () => {
  test.each<readonly [string, readonly At[]]>([
    ["submitted and not taken up", []],
    ["completed", [activated(0), step("a#1", 0, 5), completed(9)]],
    [
      "taken over, with an attempt that failed",
      [
        activated(0),
        failed("a#1", 0, 5, { retry: 9 }),
        activated(20, 2),
        step("a#1", 20, 25, undefined, 2),
        completed(30),
      ],
    ],
    [
      "resumed by hand: the voided failure, and what followed from it, count no more",
      [
        activated(0),
        failed("a#1", 0, 5),
        step("clean-up#1", 5, 6),
        [7, { type: "Failed", error: encodeValue("no", "x"), step: "a#1" }],
        activated(20, 2, { reason: "resumed" }),
        [20, { type: "Resumed", retry: ["a#1"] }],
        step("a#1", 20, 25),
        step("clean-up#1", 25, 26),
        completed(30),
      ],
    ],
    [
      "suspended and woken",
      [
        activated(0),
        [1, { type: "TimerSet", timer: "sleep#1", fireAt: 100 }],
        [2, { type: "Suspended", wakeAt: 90, waits: [] }],
        activated(90, 2, { reason: "woken" }),
        [100, { type: "TimerFired", timer: "sleep#1" }],
        completed(101),
      ],
    ],
  ])("%s", (_, events) => {
    expect(verifyRun(recorded({ events }))).toEqual([]);
  });

  test("closed by a client before anybody took it up", () => {
    const run = recorded({ events: [[0, { type: "Cancelled", reason: "" }]] });
    expect(verifyRun(withFrames(run, (frame) => ({ ...frame, epoch: 1, writer: "c" })))).toEqual(
      [],
    );
  });

  test("terminated while a worker had it: the stop has an epoch of its own", () => {
    const run = recorded({ events: [activated(0), [5, { type: "Cancelled", reason: "" }]] });
    const stopped = withFrames(run, (frame) =>
      frame.status === "cancelled" ? { ...frame, epoch: 2, writer: "client-1" } : frame,
    );
    expect(verifyRun(stopped)).toEqual([]);
  });
});

describe("what is missing or altered in the log is found", () => {
  const events = [
    activated(0),
    step("a#1", 0, 1),
    step("b#1", 1, 2),
    step("c#1", 2, 3),
    completed(4),
  ];

  test("a frame that is gone is named, and by which frame", () => {
    const flaws = verifyRun(fromStored(stored(events).filter(({ sequence }) => sequence !== 30)));
    expect(flaws).toEqual([
      {
        kind: "missing-frame",
        sequence: 30,
        sentence:
          "Frame 30, which frame 40 follows, is not there. The last one before it is frame 20: what is between them is lost.",
      },
    ]);
  });

  test("the beginning of a history that is gone", () => {
    const flaws = verifyRun(fromStored(stored(events).slice(2)));
    expect(flaws.map(({ kind, sequence }) => [kind, sequence])).toEqual([["missing-frame", 20]]);
  });

  test("a frame in whose place other bytes stand", () => {
    const damaged = stored(events).map((message) =>
      message.sequence === 30 ? { ...message, data: new Uint8Array([0xff, 1, 2]) } : message,
    );
    const flaws = verifyRun(fromStored(damaged));
    expect(flaws.map(({ kind, sequence }) => [kind, sequence])).toEqual([["altered-frame", 30]]);
  });

  test("a frame in which a value was changed, and that still reads as one", () => {
    const damaged = stored(events).map((message) => {
      if (message.sequence !== 30) return message;
      const data = Buffer.from(message.data);
      const at = data.indexOf("b#1");
      data.write("x", at);
      return { ...message, data };
    });
    expect(verifyRun(fromStored(damaged))).toEqual([
      {
        kind: "altered-frame",
        sequence: 30,
        sentence: "Frame 30 was altered: its checksum is not the one of its bytes.",
      },
    ]);
  });

  test("a frame that was forged by copying one", () => {
    const all = stored(events);
    const copy = { ...(all[1] as Stored), sequence: 35 };
    const flaws = verifyRun(fromStored([...all.slice(0, 3), copy, ...all.slice(3)]));
    expect(flaws.map(({ kind, sequence }) => [kind, sequence])).toEqual([["stray-frame", 35]]);
  });

  test("bytes at the end of a history that are no frame", () => {
    const bytes = { ...(stored(events)[0] as Stored), sequence: 90, data: new Uint8Array([1]) };
    const flaws = verifyRun(fromStored([...stored(events), bytes]));
    expect(flaws.map(({ kind, sequence }) => [kind, sequence])).toEqual([["foreign-message", 90]]);
  });
});

describe("what breaks an invariant is found", () => {
  test("an epoch that is left out", () => {
    expect(kinds(recorded({ events: [activated(0), activated(1, 3), completed(2)] }))).toEqual([
      "epoch",
    ]);
  });

  test("two writers in one epoch", () => {
    const run = recorded({ events: [activated(0), step("a#1", 0, 1), completed(2)] });
    const forged = withFrames(run, (frame) =>
      frame.prev === 10 ? { ...frame, writer: "x" } : frame,
    );
    expect(kinds(forged)).toContain("epoch");
  });

  test("an outcome that is recorded twice (I3)", () => {
    const run = recorded({
      events: [activated(0), step("a#1", 0, 1), step("a#1", 0, 2), completed(3)],
    });
    expect(verifyRun(run)).toEqual([
      {
        kind: "second-outcome",
        sequence: 30,
        sentence: "Frame 30: StepCompleted of step a#1 comes after frame 20 with its outcome.",
      },
    ]);
  });

  test("something after the end", () => {
    expect(kinds(recorded({ events: [activated(0), completed(1), step("a#1", 0, 2)] }))).toEqual([
      "after-close",
    ]);
  });

  test("something that happens while nobody holds the run", () => {
    const suspended: At = [1, { type: "Suspended", wakeAt: 0, waits: [] }];
    expect(kinds(recorded({ events: [activated(0), suspended, step("a#1", 0, 2)] }))).toEqual([
      "illegal-event",
    ]);
  });

  test("a timer that fires and was never set", () => {
    const fired: At = [1, { type: "TimerFired", timer: "sleep#1" }];
    expect(kinds(recorded({ events: [activated(0), fired, completed(2)] }))).toEqual([
      "illegal-event",
    ]);
  });

  test("a status that is not what the events say", () => {
    const run = recorded({ events: [activated(0), completed(1)] });
    expect(kinds(withFrames(run, (frame) => ({ ...frame, status: "running" })))).toEqual([
      "status",
    ]);
  });

  test("an input that is not in the inbox, one that is another, and a look back (I6)", () => {
    const inbox = { 12: { type: "Cancel", reason: "" } } as const;
    const run = recorded({ events: [activated(0), fold(11), fold(12), completed(3)], inbox });
    const folded = withFrames(run, (frame) => ({
      ...frame,
      inboxFolded: frame.sequence > 10 ? 12 : 0,
    }));
    expect(verifyRun(folded).map(({ sentence }) => sentence)).toEqual([
      "Frame 20 folds the signal go at 11, which is not in the inbox.",
      "Frame 30 folds the signal go at 12, and there is a cancel there.",
    ]);
    const back = withFrames(folded, (frame) => ({
      ...frame,
      inboxFolded: frame.sequence === 40 ? 0 : frame.inboxFolded,
    }));
    expect(verifyRun(back).at(-1)?.sentence).toBe(
      "Frame 40 has folded the inbox up to 0, and a frame before it up to 12.",
    );
  });

  test("a fork whose history is no copy", () => {
    const origin = { runId: "shop:b", event: 3, request: "r" };
    expect(kinds(recorded({ events: [activated(0), completed(1)], origin }))).toEqual(["fork"]);
  });
});

function kinds(run: RecordedRun): readonly string[] {
  return verifyRun(run).map(({ kind }) => kind);
}

function fold(sequence: number): At {
  return [1, { type: "InputFolded", sequence, kind: "signal", name: "go" }];
}

function withFrames(
  run: RecordedRun,
  change: (frame: RecordedFrame) => RecordedFrame,
): RecordedRun {
  return { ...run, frames: run.frames.map(change) };
}

function stored(events: readonly At[]): readonly Stored[] {
  return recorded({ events }).frames.map((frame) => ({
    subject: "h",
    partition: 0,
    sequence: frame.sequence,
    data: encodeFrame(frame),
  }));
}

function fromStored(messages: readonly Stored[]): VerifiableRun {
  const { inbox, submission } = recorded({ events: [] });
  return { inbox, submission, ...chain(messages), stored: { history: messages } };
}
