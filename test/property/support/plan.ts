import fc from "fast-check";
import type { WriteFate } from "../../../src/testing/memory-faults.ts";
import { type Node, SIGNALS, type SignalName } from "./program.ts";

/** All that a drill consists of: the same plan takes the same course each time. */
export interface Plan {
  readonly program: Node;
  /** What the run does that `attach` nodes wait for, and when somebody submits it. */
  readonly shared: { readonly program: Node; readonly atMs: number };
  readonly runs: number;
  /** 0 for none. */
  readonly delayMs: number;
  /** 0 for none. */
  readonly deadlineMs: number;
  readonly workers: number;
  readonly concurrency: number;
  readonly suspendAfterMs: number;
  /** Seeds the time that each message is under way. */
  readonly seed: number;
  /** Share of the hints that are lost. */
  readonly lostHints: number;
  /** Sent from outside, beside those that every open run gets until it has ended. */
  readonly signals: readonly PlannedSignal[];
  /** Runs that somebody stops. */
  readonly stops: readonly PlannedStop[];
  /** What goes wrong with the n-th write of a worker. */
  readonly writeFaults: readonly WriteFault[];
  /** What goes wrong at a time. */
  readonly timedFaults: readonly TimedFault[];
}

/** Starts the run if it is the first to come; `twice` with one id is received once. */
export interface PlannedSignal {
  readonly atMs: number;
  readonly signal: SignalName;
  readonly twice: boolean;
}

/** `run` counts the runs that are there by then. */
export interface PlannedStop {
  readonly atMs: number;
  readonly run: number;
  readonly how: "cancel" | "terminate";
}

export interface WriteFault {
  readonly nth: number;
  readonly fault: WriteFate | "crash before" | "crash after" | "pause before" | "pause after";
  readonly pauseMs: number;
}

export interface TimedFault {
  readonly atMs: number;
  readonly worker: number;
  readonly fault: "lapse" | "crash" | "pause" | "reconnect" | "drain" | "forget acks";
  readonly pauseMs: number;
}

const pauseMs = fc.constantFrom(300, 900, 1_500, 5_000);
/** Most happens at once; suspended runs go on later. */
const atMs = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 4_000 }), weight: 3 },
  { arbitrary: fc.integer({ min: 0, max: 20_000 }), weight: 1 },
);

const writeFaults: fc.Arbitrary<WriteFault> = fc.record({
  nth: fc.integer({ min: 1, max: 50 }),
  fault: fc.constantFrom<WriteFault["fault"]>(
    "crash before",
    "crash after",
    "pause before",
    "pause after",
    "ack lost",
    "not stored",
    { fate: "stored late", lateMs: 5 },
    { fate: "stored late", lateMs: 1_200 },
  ),
  pauseMs,
});

const timedFaults: fc.Arbitrary<TimedFault> = fc.record({
  atMs,
  worker: fc.nat(2),
  fault: fc.constantFrom<TimedFault["fault"]>(
    "lapse",
    "lapse",
    "crash",
    "pause",
    "reconnect",
    "drain",
    "forget acks",
  ),
  pauseMs,
});

const signals: fc.Arbitrary<PlannedSignal> = fc.record({
  atMs: fc.oneof(fc.constant(0), atMs),
  signal: fc.constantFrom(...SIGNALS),
  twice: fc.boolean(),
});

const stops: fc.Arbitrary<PlannedStop> = fc.record({
  atMs,
  run: fc.nat(5),
  how: fc.constantFrom("cancel" as const, "cancel" as const, "terminate" as const),
});

/** Ends well, after a while. */
const shared: fc.Arbitrary<Plan["shared"]> = fc.record({
  program: fc.constantFrom<Node>(
    { type: "sequence", nodes: [] },
    { type: "step", name: "a", failures: 1, attempts: 2, fatal: false, ms: 150 },
    { type: "sleep", ms: 8_000 },
    { type: "receive", signal: "x", timeoutMs: 0 },
  ),
  atMs: fc.constantFrom(0, 0, 20, 3_000),
});

/** Plans around a program. */
export function plansOf(program: fc.Arbitrary<Node>): fc.Arbitrary<Plan> {
  return fc.record({
    program,
    shared,
    runs: fc.integer({ min: 1, max: 2 }),
    delayMs: fc.constantFrom(0, 0, 0, 700, 6_000),
    deadlineMs: fc.constantFrom(0, 0, 0, 0, 0, 0, 100, 2_000, 10_000),
    workers: fc.integer({ min: 1, max: 3 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    suspendAfterMs: fc.constantFrom(0, 0, 5, 200, 2_000, 30_000),
    seed: fc.nat(),
    lostHints: fc.constantFrom(0, 0.3, 1),
    signals: fc.array(signals, { maxLength: 3 }),
    stops: fc.oneof(
      { arbitrary: fc.constant([]), weight: 2 },
      { arbitrary: fc.array(stops, { minLength: 1, maxLength: 3 }), weight: 1 },
    ),
    writeFaults: fc.array(writeFaults, { maxLength: 6 }),
    timedFaults: fc.array(timedFaults, { maxLength: 4 }),
  });
}

/** The same program with one worker that nothing happens to, and nobody stops it. */
export function undisturbed(plan: Plan): Plan {
  const calm = { workers: 1, lostHints: 0, stops: [], writeFaults: [], timedFaults: [] };
  return { ...plan, ...calm, deadlineMs: 0, runs: 1 };
}
