/**
 * An engine for tests of flows, in this process: the worker, the client and the protocol are the real ones, over the broker in
 * memory and a clock that skips what is only waited for.
 *
 * Time goes on only while the test waits: in `run.result()`, `run.until(…)` and `engine.advance(…)`. So whatever a test does
 * between two of them is done at one moment, and takes the same course each time.
 */
import { type Logger, pino } from "pino";
import type { AnyDefinition, Definition } from "../../definition/definition.ts";
import type { Flow } from "../../definition/flow-context.ts";
import type { Served } from "../../definition/served.ts";
import type { SubmitOptions } from "../../definition/submit-options.ts";
import type { Task } from "../../definition/task.ts";
import { type Duration, toMilliseconds } from "../../engine/duration.ts";
import { type GuardMode, Millrace } from "../../index.ts";
import { MemoryBroker } from "../memory-broker.ts";
import { CrashPoints, type StepPlace, stepNameOf } from "./crash-points.ts";
import { RealWork } from "./real-work.ts";
import { SignalWaits } from "./signal-waits.ts";
import { Staff } from "./staff.ts";
import { type Call, type StandIn, StandIns, type TestStepInfo } from "./stand-ins.ts";
import { TestRun } from "./test-run.ts";
import { VirtualClock } from "./virtual-clock.ts";

export class TestEngine implements AsyncDisposable {
  /** The client underneath: all that a program can do with a connection. */
  readonly millrace: Millrace;
  /** The broker underneath, with all that is stored and what can go wrong in it. */
  readonly broker: MemoryBroker;
  readonly #clock: VirtualClock;
  readonly #staff: Staff;
  readonly #standIns: StandIns;
  readonly #crashes: CrashPoints;
  readonly #waits: SignalWaits;
  #submitted = 0;
  #isStopped = false;
  /** What is still to be served before anything else is done. */
  #serving: Promise<void> = Promise.resolve();

  private constructor(options: TestEngineOptions) {
    const { flows, now, skipTime, automation, determinismGuard, suspendAfter } = {
      ...TEST_ENGINE_DEFAULTS,
      ...options,
    };
    const log = options.log ?? pino({ level: "silent" });
    const work = new RealWork();
    this.#clock = new VirtualClock({ startMs: Number(now), skips: skipTime, work });
    this.broker = new MemoryBroker({ clock: this.#clock });
    this.millrace = new Millrace(this.broker.connect(), this.#clock);
    this.#standIns = new StandIns();
    this.#waits = new SignalWaits();
    this.#crashes = new CrashPoints(this.#standIns, () => this.#staff.crash());
    this.#staff = new Staff({
      broker: this.broker,
      served: flows,
      standIns: this.#standIns,
      crashes: this.#crashes,
      work,
      waits: this.#waits,
      options: { automation, determinismGuard, suspendAfter, log },
    });
    this.broker.inject({
      beforeWrite: (write) => {
        if (this.#staff.isWorking(write.process)) this.#crashes.arrives(write);
        return "stored";
      },
      afterWrite: (write) => {
        if (this.#staff.isWorking(write.process)) this.#crashes.stored(write);
      },
    });
  }

  /** Starts an engine that serves these flows and tasks, with a worker of its own. Stop it, or declare it by `await using`. */
  static async start(options: TestEngineOptions): Promise<TestEngine> {
    const engine = new TestEngine(options);
    await Promise.race([engine.#staff.hire(), engine.#staff.broken]);
    engine.#crashes.begin();
    return engine;
  }

  /** The engine's time, in milliseconds since 1970. Steps that ask the machine get the machine's. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * From now on this stands in for the function of a task, or for a whole flow: a function, the value to give, or the error to
   * throw. Retries, time-outs and compensations are as the definition says. The engine serves what it stands in for.
   */
  mock<Input, Output, Wire>(
    definition: Task<Input, Output, Wire> | Flow<Input, Output, Wire>,
    standIn: StandIn<NoInfer<Input>, NoInfer<Output>>,
  ): void;
  /** The same for an inline step, or whatever has this name. */
  mock(step: string, standIn: (info: TestStepInfo) => unknown): void;
  mock(step: string, standIn: unknown): void;
  mock(place: StepPlace, standIn: unknown): void {
    if (typeof place === "string") {
      const isFunction = typeof standIn === "function";
      const called = (_: unknown, info: TestStepInfo): unknown =>
        (standIn as (info: TestStepInfo) => unknown)(info);
      return this.#standIns.set(place, isFunction ? called : standIn);
    }
    this.#standIns.set(place.name, standIn);
    this.#serving = this.#serving.then(() => this.#staff.alsoServe(place));
  }

  /** The calls of a task's function, or of what stands in for it, in the order in which they were made. */
  calls<Input, Output, Wire>(
    definition: Task<Input, Output, Wire> | Flow<Input, Output, Wire>,
  ): readonly Call<Input, Output>[];
  /** Those of an inline step, or of all steps. */
  calls(step?: string): readonly Call[];
  calls(place?: StepPlace): readonly Call<never, never>[] {
    const name = place === undefined ? undefined : stepNameOf(place);
    return this.#standIns.calls(name) as readonly Call<never, never>[];
  }

  /**
   * Submits a run, as {@link Millrace.submit} does. Without a key of its own its id is `<flow>:test-<n>`: the same in each
   * course of the test.
   */
  submit<Input, Output, Wire>(
    definition: Definition<Input, Output, Wire>,
    ...args: undefined extends Wire
      ? [input?: NoInfer<Wire>, options?: SubmitOptions]
      : [input: NoInfer<Wire>, options?: SubmitOptions]
  ): Promise<TestRun<Output>>;
  submit(flow: string, input?: unknown, options?: SubmitOptions): Promise<TestRun>;
  async submit(
    definition: AnyDefinition | string,
    input?: unknown,
    options: SubmitOptions = {},
  ): Promise<TestRun<never>> {
    await this.#ready();
    const makesKey = typeof definition !== "string" && definition.key !== undefined;
    const key = `test-${++this.#submitted}`;
    const submit = this.millrace.submit.bind(this.millrace) as Submit;
    const handle = await submit(definition, input, makesKey ? options : { key, ...options });
    return this.run(handle.id) as TestRun<never>;
  }

  /** A run by its id, such as a child's. */
  run(id: string): TestRun {
    return new TestRun(this.millrace.attach(id), {
      millrace: this.millrace,
      clock: this.#clock,
      waits: this.#waits,
      broken: this.#staff.broken,
    });
  }

  /** Moves the clock on by exactly so much: timers run that come due by then, and what they set going comes to rest. */
  async advance(duration: Duration): Promise<void> {
    await this.#ready();
    await Promise.race([this.#clock.advance(toMilliseconds(duration)), this.#staff.broken]);
  }

  /** The worker dies as by `kill -9` now. Another one takes its runs over at once: no lease is waited for. */
  crash(): void {
    this.#staff.crash();
  }

  /** The worker dies when the step's function is about to be called. Once: the next worker calls it. */
  crashBefore(step: StepPlace): void {
    this.#crashes.add({ at: "before", step: stepNameOf(step) });
  }

  /** The worker dies when the step's function has done what it does, and nobody knows: the next worker calls it once more. */
  crashDuring(step: StepPlace): void {
    this.#crashes.add({ at: "during", step: stepNameOf(step) });
  }

  /** The worker dies when the step's outcome is recorded: the next one goes on from there. */
  crashAfter(step: StepPlace): void {
    this.#crashes.add({ at: "after", step: stepNameOf(step) });
  }

  /** The worker dies when a run's n-th event is recorded: that of the run that is named, or of the first that comes so far. */
  crashAt(event: number, run?: { readonly id: string }): void {
    this.#crashes.add({ at: "event", event, run: run?.id });
  }

  /** The worker dies just before or after the workers' n-th write is stored. {@link survivesCrashes} tries all of them. */
  crashAtWrite(write: number, when: "before" | "after"): void {
    this.#crashes.add({ at: "write", write, when });
  }

  /** What the workers have written so far, as people read it. */
  get writes(): readonly string[] {
    return [...this.#crashes.writes];
  }

  /** How many workers have died. */
  get crashes(): number {
    return this.#staff.crashes;
  }

  /**
   * Ends the worker and the clock. Runs that are open are left as they are.
   * @throws {@link CrashNotReachedError} when the test asked for a crash that did not happen.
   */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#staff.dismiss();
    await this.millrace.close();
    this.#clock.stop();
    this.#crashes.checkReached();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #ready(): Promise<void> {
    await Promise.race([this.#serving, this.#staff.broken]);
  }
}

export interface TestEngineOptions {
  /** What the engine serves: flows and tasks, and with `automation` triggers and schedules. */
  readonly flows: readonly Served[];
  /** What time it is when the engine starts. Default: 2026-01-01T00:00:00Z. */
  readonly now?: Date | number;
  /** False: time moves by {@link TestEngine.advance} only. Default true. */
  readonly skipTime?: boolean;
  /** Whether schedules, triggers, webhooks and events work, too. Default false: a test of a flow needs none of it. */
  readonly automation?: boolean;
  /** What happens when flow code uses time, chance or the network past its context. Default `throw`. */
  readonly determinismGuard?: GuardMode;
  /**
   * How long a run stays in its worker's memory while it only waits; then it is suspended, and replayed when it goes on. Default, as in
   * production, 30 s. A flow of very many long sleeps is tested faster if it is never replayed.
   */
  readonly suspendAfter?: Duration;
  /** Default: nothing is logged. */
  readonly log?: Logger;
}

const TEST_ENGINE_DEFAULTS = Object.freeze({
  now: Date.UTC(2026, 0, 1),
  skipTime: true,
  automation: false,
  determinismGuard: "throw",
  suspendAfter: "30s",
} satisfies Partial<TestEngineOptions>);

type Submit = (
  definition: AnyDefinition | string,
  input: unknown,
  options: SubmitOptions,
) => Promise<{ readonly id: string }>;
