/** Each check of chaos lets a right story pass and finds what is wrong with one that is not. */
import { describe, expect, test } from "vitest";
import { checkAccepted } from "../../chaos/checks/accepted.mjs";
import { checkChildren } from "../../chaos/checks/children.mjs";
import { checkDeadLetters } from "../../chaos/checks/dead-letters.mjs";
import { checkHistories } from "../../chaos/checks/histories.mjs";
import { checkLimits } from "../../chaos/checks/limits.mjs";
import { checkResults } from "../../chaos/checks/results.mjs";
import { checkSagas } from "../../chaos/checks/sagas.mjs";
import { checkSeen } from "../../chaos/checks/seen.mjs";
import { checkSignals } from "../../chaos/checks/signals.mjs";
import { checkSteps } from "../../chaos/checks/steps.mjs";
import { checkTimers } from "../../chaos/checks/timers.mjs";
import { checkTokens } from "../../chaos/checks/tokens.mjs";
import { checkViews } from "../../chaos/checks/views.mjs";
import type { ConsumerSample, Evidence } from "../../chaos/evidence.mjs";
import { Told, type ToldRun } from "./support/told.ts";

const RUN = "mixed:a";
const PLAN = { who: "client-0", plan: 1, run: RUN };

function whats(violations: readonly { readonly what: string }[]): readonly string[] {
  return violations.map(({ what }) => what);
}

function kinds(violations: readonly { readonly check: string }[]): readonly string[] {
  return violations.map(({ check }) => check);
}

function accepted(): { readonly told: Told; readonly run: ToldRun } {
  const told = new Told().note(1, { kind: "accepted", ...PLAN });
  return { told, run: told.run(RUN, { ops: [{ op: "hold" }] }).held(2) };
}

function sound(): { readonly told: Told; readonly run: ToldRun } {
  const told = new Told();
  return { told, run: told.run(RUN).held(1).step(2, "step#1").held(3, "w2").step(4, "step#2") };
}

function taken(): Told {
  const told = new Told().worker("w1", 1).worker("w2", 2);
  told.run(RUN).held(0).held(2_000, "w2").step(3_000, "step#1");
  return told;
}

function sent(): { readonly told: Told; readonly run: ToldRun } {
  const told = new Told();
  for (const number of [1, 2]) told.note(number, { kind: "signalled", ...PLAN, number });
  return { told, run: told.run(RUN).held(0) };
}

/** What `new-mixed` told those who looked twice between two times. */
function samples(
  [from, to]: readonly [number, number],
  first: Partial<ConsumerSample>,
  second = first,
): Partial<Evidence> {
  const half = (from + to) / 2;
  const consumer = { name: "new-mixed", handedOut: 0, handedOutUpTo: 2_000 };
  return {
    samples: [
      { from, to: half, consumers: [{ ...consumer, ...first }] },
      { from: half, to, consumers: [{ ...consumer, ...second }] },
    ],
  };
}

/** Two runs that are held from 20 on; the second one is taken over at 60, and both have ended at 100. */
function both(): { readonly told: Told; readonly one: ToldRun; readonly other: ToldRun } {
  const told = new Told();
  const one = told.run(RUN).held(10).completed(100, []);
  const other = told.run("mixed:b").held(20).step(30, "step#1");
  const before = other.token;
  other.held(60, "w2").completed(100, []);
  return { told, one, other: Object.assign(other, { token: before }) };
}

function three(lastStart: number): Told {
  const told = new Told().worker("w1", 1);
  for (const name of ["a", "b", "c"]) told.run(`narrow:${name}`).held(0);
  for (const name of ["a", "b"]) told.execution(`narrow:${name}`, "step#1", [10, 100]);
  return told.execution("narrow:c", "step#1", [lastStart, 200]);
}

describe("I1, what was accepted", () => {
  test("a run that has ended, and one that waits for a signal, are all right", () => {
    const { told, run } = accepted();
    const explained = new Map([[RUN, "waiting-for-signal"]]);
    expect(checkAccepted(told.evidence({ explained }))).toEqual([]);
    run.completed(3, []);
    expect(checkAccepted(told.evidence())).toEqual([]);
  });

  test("a submission that is not in the log is lost", () => {
    const told = new Told().note(1, { kind: "accepted", ...PLAN });
    expect(whats(checkAccepted(told.evidence()))).toEqual([
      "it was accepted and is not in the log",
    ]);
  });

  test("a run that stays open with nobody to go on is found, with the reason", () => {
    const { told } = accepted();
    const explained = new Map([[RUN, "holder-gone"]]);
    expect(whats(checkAccepted(told.evidence({ explained })))).toEqual([
      "it is running and does not end: holder-gone",
    ]);
  });

  test("a run that was submitted twice, or that nobody has planned, is found", () => {
    const { told, run } = accepted();
    run.completed(3, []).logged.submissions.push(...run.logged.submissions);
    told.child("mixed:stranger").held(1).completed(2, []);
    expect(whats(checkAccepted(told.evidence()))).toEqual([
      "it was submitted 2 times",
      "nobody has planned it",
    ]);
  });
});

describe("I2 and I3, the histories", () => {
  test("a chain with one writer in each activation is all right", () => {
    const { told, run } = sound();
    run.completed(5, []);
    expect(checkHistories(told.evidence())).toEqual([]);
  });

  test("two writers in one activation, and an activation that was left out, are found", () => {
    const { told, run } = sound();
    const [last] = run.logged.frames.slice(-1);
    if (last !== undefined) run.logged.frames.push({ ...last, prev: 4, sequence: 5, writer: "w1" });
    expect(kinds(checkHistories(told.evidence()))).toContain("epoch");
    const other = sound();
    other.run.skipped().held(5, "w1");
    expect(kinds(checkHistories(other.told.evidence()))).toContain("epoch");
  });

  test("an outcome that is recorded twice is found", () => {
    const { told, run } = sound();
    run.step(5, "step#1");
    expect(kinds(checkHistories(told.evidence()))).toEqual(["second-outcome"]);
  });

  test("what follows the end, and what no worker wrote, is found", () => {
    const { told, run } = sound();
    run.completed(5, []).step(6, "step#3");
    expect(kinds(checkHistories(told.evidence()))).toContain("after-close");
    const other = sound();
    other.run.logged.foreign.push({ sequence: 9, reason: "it is no frame" });
    expect(kinds(checkHistories(other.told.evidence()))).toHaveLength(1);
  });
});

describe("results", () => {
  const INPUT = { ops: [{ op: "step", ms: 0, fails: 0, value: 7 }] } as const;

  test("the right result is right, in the log and as the client was given it", () => {
    const told = new Told();
    told.run(RUN, INPUT).held(1).completed(2, [7]);
    told.note(3, { kind: "result", ...PLAN, end: { status: "completed", output: [7] } });
    expect(checkResults(told.evidence())).toEqual([]);
  });

  test("another value, and another end, are found", () => {
    const told = new Told();
    told.run(RUN, INPUT).held(1).completed(2, [8]);
    told.note(3, { kind: "result", ...PLAN, end: { status: "cancelled" } });
    expect(whats(checkResults(told.evidence()))).toEqual([
      'its client was given {"status":"cancelled"}, and [{"status":"completed","output":[7]}] is right',
      "it is completed, not completed",
    ]);
  });

  test("a client that still waits when all is over is found, whatever the log says", () => {
    const told = new Told();
    told.run(RUN, INPUT).held(1).completed(2, [7]);
    told.note(0, { kind: "intended", ...PLAN });
    expect(whats(checkResults(told.evidence()))).toEqual([
      "client-0 still waits for what it asked for",
    ]);
    told.note(3, { kind: "done", ...PLAN });
    expect(checkResults(told.evidence())).toEqual([]);
  });

  test("a run that was stopped and completed all the same is found", () => {
    const told = new Told();
    told.run(RUN, INPUT, { how: "cancel" }).held(1).completed(2, [7]);
    expect(whats(checkResults(told.evidence()))).toEqual(["it is completed, not cancelled"]);
  });
});

describe("executions of steps", () => {
  const STRUCK = { kind: "struck", strike: 1, fault: "pause-worker", what: "" } as const;

  test("an attempt whose worker died before it was recorded is executed again, and counted", () => {
    const told = taken().execution(RUN, "step#1", [10, 20]);
    told.execution(RUN, "step#1", [2_500, 2_600], { worker: "w2" });
    expect(checkSteps(told.evidence())).toEqual({
      violations: [],
      executions: 2,
      repeated: 1,
      late: 0,
    });
  });

  test("an attempt that was recorded is executed late only by a worker that was struck and had lost the run", () => {
    const told = taken().execution(RUN, "step#1", [2_500, 2_600], { worker: "w2" });
    told.execution(RUN, "step#1", [3_500, 3_600]);
    expect(checkSteps(told.evidence()).violations).toHaveLength(1);
    told.note(1_000, { ...STRUCK, target: "worker-1" });
    expect(checkSteps(told.evidence())).toMatchObject({ violations: [], repeated: 1, late: 1 });
  });

  test("a strike against a client, against other workers, or with garbage excuses no worker", () => {
    const told = taken().execution(RUN, "step#1", [3_500, 3_600]);
    for (const [at, who] of ["client-0", "client-1"].entries())
      told.note(0, { kind: "process", who, pid: 10 + at, id: "", build: "" });
    told.note(1_000, { ...STRUCK, fault: "kill-client", target: "client-0" });
    told.note(1_000, { ...STRUCK, strike: 2, fault: "send-garbage" });
    told.worker("w3", 3).note(1_000, { ...STRUCK, strike: 3, target: "worker-2+worker-3" });
    expect(checkSteps(told.evidence()).violations).toHaveLength(1);
    told.note(1_000, { ...STRUCK, strike: 4, target: "worker-1+worker-3" });
    expect(checkSteps(told.evidence())).toMatchObject({ violations: [], late: 1 });
  });

  test("a run that has ended is begun again only by a worker whose deliveries were struck, and only until its first write", () => {
    const told = new Told().worker("w1", 1);
    told.run(RUN).held(0).step(100, "step#1").completed(200, []);
    told.execution(RUN, "step#1", [10, 90]).execution(RUN, "step#1", [300, 310]);
    expect(checkSteps(told.evidence()).violations).toHaveLength(1);
    told.note(50, { ...STRUCK, target: "n0" });
    expect(checkSteps(told.evidence())).toMatchObject({ violations: [], repeated: 1, late: 1 });
  });

  test("a worker that has the run and executes again what is recorded is found, struck or not", () => {
    const told = taken().execution(RUN, "step#1", [3_500, 3_600], { worker: "w2" });
    told.note(1_000, { ...STRUCK, target: "worker-2" });
    expect(checkSteps(told.evidence()).violations).toHaveLength(1);
  });

  test("what was executed by an activation that never recorded anything does not count as the one that did", () => {
    const told = new Told().worker("w1", 1);
    told.run(RUN).held(1_000).step(1_200, "step#1");
    told.execution(RUN, "step#1", [500, 900]).execution(RUN, "step#1", [1_050, 1_100]);
    expect(checkSteps(told.evidence())).toMatchObject({ violations: [], repeated: 1, late: 0 });
  });

  test("a worker that takes its own run up again by a clock that is behind has two activations", () => {
    const told = new Told().worker("w1", 1);
    told.run(RUN).held(1_000, "w1", 600).held(2_000, "w1", 600).step(2_200, "step#1");
    told.execution(RUN, "step#1", [1_500, 1_600]).execution(RUN, "step#1", [2_100, 2_150]);
    expect(checkSteps(told.evidence())).toMatchObject({ violations: [], repeated: 1 });
  });

  test("an attempt that is executed twice in one activation is found", () => {
    const told = taken().execution(RUN, "step#1", [10, 20]);
    told.execution(RUN, "step#1", [30, 40]);
    expect(whats(checkSteps(told.evidence()).violations)).toEqual([
      "attempt 1 of step#1 was executed twice in epoch 1",
    ]);
  });
});

describe("signals", () => {
  test("each that was sent is received once, in order", () => {
    const { told, run } = sent();
    run.signal(3, 1).signal(4, 2).completed(5, []);
    expect(checkSignals(told.evidence())).toEqual([]);
  });

  test("signals that are received out of order, or twice, are found", () => {
    const { told, run } = sent();
    run.signal(3, 2).signal(4, 1);
    expect(whats(checkSignals(told.evidence()))).toEqual(["it received 2, 1"]);
    const twice = sent();
    twice.run.signal(3, 1).signal(4, 1);
    expect(whats(checkSignals(twice.told.evidence()))).toEqual(["it received 1, 1"]);
  });

  test("a signal that was confirmed and never received is found", () => {
    const { told, run } = sent();
    run.signal(3, 1).completed(5, []);
    expect(whats(checkSignals(told.evidence()))).toEqual([
      "it received 1 of 2 signals that were confirmed",
    ]);
  });
});

describe("timers", () => {
  const INPUT = { ops: [{ op: "nap", ms: 100 }] } as const;
  function slept(wokeAt: number): Told {
    const told = new Told();
    told
      .run(RUN, INPUT)
      .held(0)
      .frame(10, "running", { type: "TimerSet", timer: "sleep#1", fireAt: 110 })
      .frame(wokeAt, "running", { type: "TimerFired", timer: "sleep#1" });
    return told
      .execution(RUN, "before-nap#1", [5, 10])
      .execution(RUN, "after-nap#1", [wokeAt, wokeAt]);
  }

  test("one that fires when it is due is all right", () => {
    expect(checkTimers(slept(110).evidence())).toEqual([]);
  });

  test("one that fires early is found in the log and in the ledger", () => {
    expect(whats(checkTimers(slept(80).evidence()))).toEqual([
      "sleep#1 fired 30 ms early",
      "it slept 71 ms in place of 100 ms",
    ]);
  });

  test("a clock of its own worker that was shifted meanwhile excuses so much, and no other clock does", () => {
    const shifted = { kind: "struck", strike: 1, fault: "clock", what: "" } as const;
    const told = slept(80).worker("w1", 1).worker("w2", 2);
    told.note(1, { ...shifted, target: "worker-2", clockShiftMs: 50 });
    expect(checkTimers(told.evidence())).toHaveLength(2);
    told.note(1, { ...shifted, strike: 2, target: "worker-1", clockShiftMs: 20 });
    expect(checkTimers(told.evidence())).toHaveLength(2);
    told.note(1, { ...shifted, strike: 3, target: "worker-1", clockShiftMs: 50 });
    expect(checkTimers(told.evidence())).toEqual([]);
  });
});

describe("limits", () => {
  test("as many as the limit at once are all right", () => {
    expect(checkLimits(three(100).evidence())).toEqual({ violations: [], overlaps: 0, pressed: 1 });
  });

  test("one too many is found", () => {
    expect(whats(checkLimits(three(99).evidence()).violations)).toEqual([
      "narrow:a, narrow:b, narrow:c executed at once, and the limit of narrow is 2",
    ]);
  });

  test("a worker that goes on with a run that another has taken over is counted, and no violation", () => {
    const told = three(99);
    told.run("narrow:a").held(0).held(50, "w2");
    expect(checkLimits(told.evidence())).toMatchObject({ violations: [], overlaps: 1 });
  });
});

describe("sagas", () => {
  const INPUT = { ops: [{ op: "saga", count: 2, ms: 0, fails: true }] } as const;
  function undone(...parts: readonly string[]): Told {
    const told = new Told();
    told.run(RUN, INPUT).held(0).completed(100, ["undone"]);
    for (const [at, undoes] of parts.entries()) {
      const from = 10 * (at + 1);
      told.execution(RUN, `compensate#${at + 1}`, [from, from + 5], { undoes });
    }
    return told;
  }

  test("the last is undone first", () => {
    expect(checkSagas(undone("0/1", "0/0").evidence())).toEqual([]);
  });

  test("another order is found", () => {
    expect(whats(checkSagas(undone("0/0", "0/1").evidence()))).toEqual([
      "part 0 was undone before what came after it",
    ]);
  });

  test("a part that is not undone is found", () => {
    expect(whats(checkSagas(undone("0/1").evidence()))).toEqual(["1 of 2 parts were undone"]);
  });
});

describe("children", () => {
  const CHILD = "mixed:a-c0";
  function family(policy: "" | "cancel", submitted: boolean): { told: Told; parent: ToldRun } {
    const told = new Told();
    const parent = told.run(RUN).held(0).frame(1, "running", {
      type: "ChildSubmitted",
      child: "child#1",
      runId: CHILD,
      queue: "mixed",
      onParentClose: policy,
    });
    if (submitted) told.child(CHILD).held(2);
    return { told, parent };
  }

  test("one that may go on goes on", () => {
    const { told, parent } = family("", true);
    parent.completed(3, []);
    expect(checkChildren(told.evidence())).toEqual([]);
  });

  test("one that was to be stopped with its parent and goes on is found", () => {
    const { told, parent } = family("cancel", true);
    parent.completed(3, []);
    expect(whats(checkChildren(told.evidence()))).toEqual([
      `its child ${CHILD} goes on, and its policy is to be stopped`,
    ]);
  });

  test("one that was recorded and never submitted is found", () => {
    const { told } = family("", false);
    expect(whats(checkChildren(told.evidence()))).toEqual([
      `its child ${CHILD} was never submitted`,
    ]);
  });
});

describe("I4, tokens", () => {
  test("a run that is held has a message that is not acked", () => {
    const told = new Told();
    told.run(RUN).held(0);
    const unacked = [{ queue: "mixed", waiting: 0, handedOut: 1 }];
    expect(checkTokens(told.evidence({ unacked }))).toEqual([]);
    expect(whats(checkTokens(told.evidence()))).toEqual([
      "it is running, and its token is acked: nobody will be handed it",
    ]);
  });

  test("a message that was acked while its run was held is found, although it was made good later", () => {
    const { told } = both();
    expect(checkTokens(told.evidence(samples([30, 40], { handedOut: 2 })))).toEqual([]);
    expect(whats(checkTokens(told.evidence(samples([30, 40], { handedOut: 1 }))))).toEqual([
      "2 runs were held by messages of new-mixed, and 1 of its messages were not acked",
    ]);
  });

  test("a message may be acked when a wake has its place, or its run was taken over or has ended", () => {
    const { told, other } = both();
    const seen = (from: number, to: number, handedOut: number) =>
      checkTokens(told.evidence(samples([from, to], { handedOut })));
    expect(seen(50, 70, 1)).toEqual([]);
    expect(seen(70, 90, 1)).toEqual([]);
    expect(seen(90, 100, 0)).toEqual([]);
    expect(seen(20, 50, 0)).toHaveLength(1);
    other.woken(55);
    expect(seen(50, 58, 1)).toEqual([]);
    expect(seen(50, 58, 0)).toHaveLength(1);
  });

  test("a consumer whose leader is new or behind is no witness of what it does not know, and one look is none", () => {
    const { told, one, other } = both();
    const acked = { handedOut: 0 };
    const seen = (...looks: readonly [Partial<ConsumerSample>, Partial<ConsumerSample>?]) =>
      checkTokens(told.evidence(samples([30, 40], ...looks)));
    expect(seen(acked)).toHaveLength(1);
    // Made anew, or by one that has not heard of all that was handed out.
    expect(seen({ handedOut: 0, handedOutUpTo: one.token - 1 })).toEqual([]);
    expect(seen({ handedOut: 1, handedOutUpTo: other.token - 1 })).toEqual([]);
    expect(seen({ handedOut: 0, handedOutUpTo: other.token - 1 })).toHaveLength(1);
    expect(seen(acked, { handedOut: 2 })).toEqual([]);
    expect(seen({ handedOut: 2 }, acked)).toEqual([]);
    // Another one was asked, or it did not answer.
    expect(seen(acked, { name: "in-mixed", handedOut: 0 })).toEqual([]);
  });

  test("a message that nobody acks although nothing is held is found", () => {
    const unacked = [{ queue: "mixed", waiting: 0, handedOut: 2 }];
    expect(whats(checkTokens(new Told().evidence({ unacked })))).toEqual([
      "2 messages of mixed are acked by nobody",
    ]);
  });
});

test("I10: a row that is missing, or another one than when it is built anew, is found", () => {
  const told = new Told();
  told.run(RUN).held(0);
  const row = { id: RUN, status: "running" };
  const same = { live: [row], rebuilt: [{ ...row }] };
  expect(checkViews(told.evidence({ views: same }))).toEqual([]);
  const other = { live: [{ ...row, status: "completed" }], rebuilt: [row] };
  expect(whats(checkViews(told.evidence({ views: other })))).toEqual([
    'status is "completed", and "running" when built anew',
  ]);
  const more = { live: [row], rebuilt: [{ ...row, error: "x" }] };
  expect(whats(checkViews(told.evidence({ views: more })))).toEqual([
    'error is undefined, and "x" when built anew',
  ]);
  expect(whats(checkViews(told.evidence()))).toEqual(["it is not in the view"]);
});

test("a chaos in which nothing was asked for, done or struck is no proof of anything", () => {
  expect(whats(checkSeen(new Told().evidence()))).toEqual([
    "no submission was accepted",
    "no step was executed",
    "no fault was struck",
    "nobody looked at the queues twice",
    "the log is empty",
    "the view that was built anew is empty",
  ]);
});

test("a dead letter is found, unless it is about garbage", () => {
  const deadLetters = [
    "mr.chaos.0.in.mixed.mixed.garbage-1f: no input",
    "mr.chaos.0.in.mixed.mixed.a: no input",
  ];
  expect(whats(checkDeadLetters(new Told().evidence({ deadLetters })))).toEqual([deadLetters[1]]);
});
