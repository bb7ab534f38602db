import fc from "fast-check";
import { pino } from "pino";
import { Millrace } from "../../../src/client/millrace.ts";
import type { RunHandle } from "../../../src/client/run-handle.ts";
import { chanceOf } from "../../../src/engine/chance.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../../src/testing/memory-connection.ts";
import type { MemoryWrite, WriteFate } from "../../../src/testing/memory-faults.ts";
import type { MemoryProcess } from "../../../src/testing/memory-process.ts";
import { type ServingWorker, serve } from "../../../src/worker/serve.ts";
import { tokenlessRun } from "./invariants.ts";
import { flowOf } from "./play.ts";
import type { Node } from "./program.ts";

/** All that a drill consists of: the same plan takes the same course each time. */
export interface Plan {
  readonly program: Node;
  readonly runs: number;
  readonly workers: number;
  readonly concurrency: number;
  /** Seeds the time that each message is under way. */
  readonly seed: number;
  /** Share of the hints that are lost. */
  readonly lostHints: number;
  /** What goes wrong with the n-th write of a worker. */
  readonly writeFaults: readonly WriteFault[];
  /** What goes wrong at a time. */
  readonly timedFaults: readonly TimedFault[];
}

interface WriteFault {
  readonly nth: number;
  readonly fault: WriteFate | "crash before" | "crash after" | "pause before" | "pause after";
  readonly pauseMs: number;
}

interface TimedFault {
  readonly atMs: number;
  readonly worker: number;
  readonly fault: "lapse" | "crash" | "pause" | "reconnect" | "drain" | "forget acks";
  readonly pauseMs: number;
}

const pauseMs = fc.constantFrom(300, 900, 1_500, 5_000);

const writeFaults: fc.Arbitrary<WriteFault> = fc.record({
  nth: fc.integer({ min: 1, max: 40 }),
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
  atMs: fc.integer({ min: 0, max: 4_000 }),
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

/** Plans around a program. */
export function plansOf(program: fc.Arbitrary<Node>): fc.Arbitrary<Plan> {
  return fc.record({
    program,
    runs: fc.integer({ min: 1, max: 2 }),
    workers: fc.integer({ min: 1, max: 3 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
    lostHints: fc.constantFrom(0, 0.3, 1),
    writeFaults: fc.array(writeFaults, { maxLength: 6 }),
    timedFaults: fc.array(timedFaults, { maxLength: 4 }),
  });
}

/** The same program with one worker that nothing happens to. */
export function undisturbed(plan: Plan): Plan {
  const calm = { workers: 1, lostHints: 0, writeFaults: [], timedFaults: [] };
  return { ...plan, ...calm, runs: 1 };
}

/** What a drill left behind. */
export interface Aftermath {
  /** How each run ended, as text. */
  readonly outcomes: readonly string[];
  readonly messages: readonly Stored[];
  /** What was not acked long after everything had ended. */
  readonly unacked: readonly Stored[];
  /** Moments at which a run that is said to be held had no token left (I4). */
  readonly tokenless: readonly string[];
}

/** Runs the plan from the first submission until nothing moves any more. */
export async function drill(plan: Plan, stored: readonly Stored[] = []): Promise<Aftermath> {
  const listeners = process.listeners("unhandledRejection");
  try {
    return await new Drill(plan).run(stored);
  } finally {
    // Workers that crashed never drain, and would go on watching.
    for (const listener of process.listeners("unhandledRejection")) {
      if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
    }
  }
}

// Each worker watches for rejections that nobody handles, and a drill has many workers.
process.setMaxListeners(100);

export const LEASE_MS = 1_000;
const LIMIT_MS = 600_000;

class Drill {
  readonly #plan: Plan;
  readonly #clock = new ManualClock();
  readonly #broker: MemoryBroker;
  readonly #log = pino({ level: "silent" });
  readonly #staff: { connection: MemoryConnection; worker: ServingWorker | undefined }[] = [];
  readonly #tokenless: string[] = [];
  #writes = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    const chance = chanceOf(String(plan.seed));
    this.#broker = new MemoryBroker({
      clock: this.#clock,
      latencyMs: () => Math.floor(chance() ** 3 * 20),
    });
    this.#broker.inject({
      beforeWrite: (write) => this.#beforeWrite(write),
      afterWrite: (write) => this.#afterWrite(write),
      losesHint: () => chance() < plan.lostHints,
    });
  }

  async run(stored: readonly Stored[]): Promise<Aftermath> {
    for (const { subject, data } of stored) this.#broker.store(subject, data);
    const client = new Millrace(this.#broker.connect(), this.#clock);
    for (let at = 0; at < this.#plan.workers; at++) this.#hire(at);
    for (const { atMs, ...fault } of this.#plan.timedFaults) {
      this.#clock.after(atMs, () => this.#strike(fault));
    }
    const handles = Array.from({ length: this.#plan.runs }, (_, at) =>
      client.submit("program", undefined, { key: `run-${at}` }),
    );
    const ends = handles.map(async (handle) => outcomeOf(await handle));
    const outcomes = await this.#clock.until(Promise.all(ends), LIMIT_MS);
    // Whatever is still on its way, paused, or waits for a lease comes to an end.
    await this.#clock.advance(20_000);
    this.#checkTokens("at the end");
    const tokenless = this.#tokenless;
    return {
      outcomes,
      tokenless,
      messages: this.#broker.messages(),
      unacked: this.#broker.unacked(),
    };
  }

  /** Starts a worker in a process of its own; when it is gone another one takes its place. */
  #hire(place: number): void {
    const connection = this.#broker.connect();
    const post = { connection, worker: undefined as ServingWorker | undefined };
    this.#staff[place] = post;
    const serving = serve([flowOf(this.#plan.program, connection.clock)], {
      connection: { broker: connection },
      clock: connection.clock,
      concurrency: this.#plan.concurrency,
      lease: LEASE_MS,
      drainGrace: 200,
      log: this.#log,
    });
    serving.then(
      (worker) => {
        post.worker = worker;
      },
      // The connection broke before it was ready: whoever watches the process starts it again.
      () => this.#replace(connection),
    );
  }

  #replace(process: MemoryProcess): void {
    const place = this.#staff.findIndex(({ connection }) => connection === process);
    if (place !== -1) this.#clock.after(500, () => this.#hire(place));
  }

  #beforeWrite(write: MemoryWrite): WriteFate {
    const fault = this.#faultOf(write);
    if (fault === undefined) return "stored";
    if (typeof fault.fault === "object") return fault.fault;
    switch (fault.fault) {
      case "crash before":
        this.#crash(write.process);
        return "stored";
      case "pause before":
        this.#pause(write.process, fault.pauseMs);
        return "stored";
      case "crash after":
      case "pause after":
        return "stored";
      case "stored":
      case "ack lost":
      case "not stored":
        return fault.fault;
    }
  }

  #afterWrite(write: MemoryWrite): void {
    this.#checkTokens(`after write ${this.#writes}`);
    const nth = this.#writes;
    if (!this.#isStaff(write.process)) return;
    const fault = this.#plan.writeFaults.find((candidate) => candidate.nth === nth);
    if (fault?.fault === "crash after") this.#crash(write.process);
    if (fault?.fault === "pause after") this.#pause(write.process, fault.pauseMs);
  }

  #faultOf(write: MemoryWrite): WriteFault | undefined {
    if (!this.#isStaff(write.process)) return undefined;
    const nth = ++this.#writes;
    return this.#plan.writeFaults.find((candidate) => candidate.nth === nth);
  }

  #isStaff(process: MemoryProcess): boolean {
    return this.#staff.some(({ connection }) => connection === process);
  }

  #crash(process: MemoryProcess): void {
    process.crash();
    this.#replace(process);
  }

  #pause(process: MemoryProcess, ms: number): void {
    process.pause();
    this.#clock.after(ms, () => process.resume());
  }

  #strike({ fault, worker: place, pauseMs: ms }: Omit<TimedFault, "atMs">): void {
    const post = this.#staff[place % this.#staff.length];
    if (post === undefined) return;
    const { connection, worker } = post;
    switch (fault) {
      case "lapse":
        return this.#broker.lapseLeases();
      case "forget acks":
        return this.#broker.forgetAcks("program");
      case "crash":
        return this.#crash(connection);
      case "pause":
        return this.#pause(connection, ms);
      case "reconnect":
        return connection.reconnect();
      case "drain":
        void worker?.drain();
        if (worker !== undefined) this.#replace(connection);
    }
  }

  #checkTokens(when: string): void {
    const run = tokenlessRun(this.#broker);
    if (run !== undefined) this.#tokenless.push(`${when}: ${run}`);
  }
}

/** How a run ended, as text that can be compared. */
export async function outcomeOf(handle: RunHandle): Promise<string> {
  try {
    return JSON.stringify(await handle.result());
  } catch (error) {
    const { cause } = error as Error;
    return `threw ${String(error)} because of ${String(cause)}`.replaceAll(handle.id, "the run");
  }
}
