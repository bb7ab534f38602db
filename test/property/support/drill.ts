import { pino } from "pino";
import { Millrace } from "../../../src/client/millrace.ts";
import type { RunHandle } from "../../../src/client/run-handle.ts";
import { chanceOf } from "../../../src/engine/chance.ts";
import { MillraceError } from "../../../src/engine/millrace-error.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../../src/testing/memory-connection.ts";
import type { MemoryWrite, WriteFate } from "../../../src/testing/memory-faults.ts";
import type { MemoryProcess } from "../../../src/testing/memory-process.ts";
import { type ServingWorker, serve } from "../../../src/worker/serve.ts";
import type { Plan, PlannedSignal, PlannedStop, TimedFault, WriteFault } from "./plan.ts";
import { flowsOf, type Observed, SHARED, signalOf, withoutIds } from "./play.ts";
import { holds, SIGNALS } from "./program.ts";
import { openRunsIn, runsIn } from "./stored-runs.ts";
import { TokenWatch } from "./token-watch.ts";

/** What a drill left behind. */
export interface Aftermath {
  /** How each run ended, as text. */
  readonly outcomes: readonly string[];
  readonly messages: readonly Stored[];
  /** What each execution of a run's function received. */
  readonly observed: readonly Observed[];
  /** What was not acked long after everything had ended. */
  readonly unacked: readonly Stored[];
  /** What workers still held by then. */
  readonly held: number;
  /** Moments at which a run that is said to be held had no token left (I4). */
  readonly tokenless: readonly string[];
}

/** Runs the plan from the first submission until nothing moves any more. */
export async function drill(plan: Plan, earlier?: Earlier): Promise<Aftermath> {
  const listeners = process.listeners("unhandledRejection");
  try {
    return await new Drill(plan, earlier).run();
  } finally {
    // Workers that crashed never drain, and would go on watching.
    for (const listener of process.listeners("unhandledRejection")) {
      if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
    }
  }
}

/** What a broker held before, and when the drill begins. */
export interface Earlier {
  readonly messages: readonly Stored[];
  readonly at: number;
}

// Each worker watches for rejections that nobody handles, and a drill has many workers.
process.setMaxListeners(100);

export const LEASE_MS = 1_000;
/** Nothing that a plan holds takes so long. */
const LIMIT_MS = 900_000;
/** How often every open run is sent all that it may wait for. */
const FEED_MS = 7_000;
const REST_MS = 20_000;

class Drill {
  readonly #plan: Plan;
  readonly #earlier: Earlier | undefined;
  readonly #clock: ManualClock;
  readonly #broker: MemoryBroker;
  readonly #client: Millrace;
  readonly #tokens: TokenWatch;
  readonly #log = pino({ level: process.env["MILLRACE_DRILL_LOG"] ?? "silent" });
  readonly #staff: { connection: MemoryConnection; worker: ServingWorker | undefined }[] = [];
  readonly #tokenless: string[] = [];
  readonly #observed: Observed[] = [];
  #writes = 0;
  /** The last value that was sent by a signal: each is sent once. */
  #sent = 0;

  constructor(plan: Plan, earlier: Earlier | undefined) {
    this.#plan = plan;
    this.#earlier = earlier;
    this.#clock = new ManualClock(earlier?.at);
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
    this.#client = new Millrace(this.#broker.connect(), this.#clock);
    this.#tokens = new TokenWatch(this.#broker);
  }

  async run(): Promise<Aftermath> {
    for (const { subject, data } of this.#earlier?.messages ?? [])
      this.#broker.store(subject, data);
    for (let at = 0; at < this.#plan.workers; at++) this.#hire(at);
    this.#schedule();
    const runs = Array.from({ length: this.#plan.runs }, (_, at) => this.#submit(at));
    const ends = runs.map(async (handle) => outcomeOf(await handle));
    const outcomes = await this.#untilClosed(Promise.all(ends));
    // Whatever is still on its way, paused, or waits for a lease comes to an end.
    await this.#clock.advance(REST_MS);
    // A run that somebody else has, or has ended, may wait in a worker's memory until it would be suspended.
    const isAtRest = this.#broker.unacked().length === 0 && this.#held() === 0;
    if (!isAtRest) await this.#clock.advance(this.#plan.suspendAfterMs + 1_000);
    this.#checkTokens("at the end");
    return {
      outcomes,
      messages: this.#broker.messages(),
      observed: this.#observed,
      unacked: this.#broker.unacked(),
      held: this.#held(),
      tokenless: this.#tokenless,
    };
  }

  #schedule(): void {
    const { timedFaults, signals, stops, shared, program } = this.#plan;
    for (const { atMs, ...fault } of timedFaults)
      this.#clock.after(atMs, () => this.#strike(fault));
    if (this.#earlier !== undefined) return;
    for (const signal of signals) this.#clock.after(signal.atMs, () => void this.#signal(signal));
    for (const stop of stops) this.#clock.after(stop.atMs, () => void this.#stop(stop));
    if (!holds(program, ({ type }) => type === "attach")) return;
    const part = { node: shared.program, path: "shared" };
    const submit = (): Promise<unknown> =>
      this.#client.submit(SHARED.flow, part, { key: SHARED.key });
    // At once is before the others.
    if (shared.atMs === 0) void submit();
    else this.#clock.after(shared.atMs, () => void submit());
  }

  async #submit(at: number): Promise<RunHandle> {
    return this.#client.submit("program", undefined, this.#options(at));
  }

  #options(at: number) {
    const { delayMs, deadlineMs } = this.#plan;
    return {
      key: `run-${at}`,
      ...(delayMs === 0 ? {} : { delay: delayMs }),
      ...(deadlineMs === 0 ? {} : { deadline: deadlineMs }),
    };
  }

  /** Goes on until every run has ended, the children too, and sends all of them what they may wait for. */
  async #untilClosed<T>(ends: Promise<T>): Promise<T> {
    let isOver = false;
    void ends.finally(() => {
      isOver = true;
    });
    for (let ms = 0; ; ms += 1_000) {
      await this.#clock.advance(1_000);
      const open = openRunsIn(this.#broker.messages());
      if (open.length === 0 && isOver && ms >= this.#plan.shared.atMs) return ends;
      if (ms > LIMIT_MS) {
        const stuck = open.map(({ id, frames }) => `${id} ${frames.at(-1)?.status}`);
        throw new Error(`Stuck: ${stuck.join()}`);
      }
      const isTime = ms % FEED_MS === FEED_MS - 1_000;
      if (isTime && this.#earlier === undefined) for (const { id } of open) void this.#feed(id);
    }
  }

  async #feed(run: string): Promise<void> {
    const handle = this.#client.attach(run);
    try {
      for (const name of SIGNALS) await handle.signal(signalOf(name), ++this.#sent);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error; // It has ended meanwhile.
    }
  }

  async #signal({ signal, twice }: PlannedSignal): Promise<void> {
    const value = ++this.#sent;
    const options = { ...this.#options(0), signalId: `signal-${value}` };
    const [program] = flowsOf(this.#plan.program, this.#clock);
    try {
      for (let time = 0; time < (twice ? 2 : 1); time++) {
        await this.#client.signalOrSubmit(program, undefined, options, signalOf(signal), value);
      }
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error; // It has ended meanwhile.
    }
  }

  async #stop({ run, how }: PlannedStop): Promise<void> {
    const runs = [...runsIn(this.#broker.messages()).values()].filter(
      ({ submission, id }) => submission !== undefined && id !== `${SHARED.flow}:${SHARED.key}`,
    );
    const id = runs[run % Math.max(1, runs.length)]?.id;
    try {
      if (id !== undefined) await this.#client.attach(id)[how]("by the test");
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error; // It has ended already.
    }
  }

  /** Starts a worker in a process of its own; when it is gone another one takes its place. */
  #hire(place: number): void {
    const connection = this.#broker.connect();
    const post = { connection, worker: undefined as ServingWorker | undefined };
    this.#staff[place] = post;
    const { program, concurrency, suspendAfterMs } = this.#plan;
    const observe = (observed: Observed): void => void this.#observed.push(observed);
    const serving = serve(flowsOf(program, connection.clock, observe), {
      connection: { broker: connection },
      clock: connection.clock,
      concurrency,
      suspendAfter: suspendAfterMs,
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
        this.#broker.forgetAcks("program");
        return this.#broker.forgetAcks("child");
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

  #held(): number {
    const working = this.#staff.filter(({ connection }) => connection.state === "running");
    const stats = working.map(({ worker }) => worker?.stats ?? { held: 0, executing: 0 });
    return stats.reduce((sum, { held, executing }) => sum + held + executing, 0);
  }

  #checkTokens(when: string): void {
    const run = this.#tokens.tokenlessRun();
    if (run !== undefined) this.#tokenless.push(`${when}: ${run}`);
  }
}

/** How a run ended, as text that can be compared. */
export async function outcomeOf(handle: RunHandle): Promise<string> {
  try {
    return withoutIds(JSON.stringify(await handle.result()) ?? "undefined");
  } catch (error) {
    const { cause } = error as Error;
    return withoutIds(`threw ${String(error)} because of ${String(cause)}`);
  }
}
