import { type ImportedRun, type ImportOptions, importRun } from "../bundle/import-run.ts";
import type { ExportOptions } from "../bundle/make-bundle.ts";
import type { AnyDefinition, Definition } from "../definition/definition.ts";
import type { Signal } from "../definition/signal.ts";
import type { SubmitOptions } from "../definition/submit-options.ts";
import { parseRunId } from "../engine/run-id.ts";
import { type PayloadOptions, Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import { Archive } from "./archive.ts";
import type { ClientHost } from "./client-host.ts";
import { DeadLetters } from "./dead-letters.ts";
import { type EmitEventOptions, type EmittedEvent, emit } from "./emit.ts";
import { Events } from "./events.ts";
import { exportRun } from "./export-run.ts";
import type { ForkOptions, ForkPlan } from "./fork/fork-options.ts";
import { planFork } from "./fork.ts";
import { Hooks } from "./hooks.ts";
import { listRuns, type RunFilter } from "./list-runs.ts";
import { Lookout } from "./lookout.ts";
import type { AnyIterable, Outcomes } from "./outcomes.ts";
import { PriorityMarks } from "./priority-marks.ts";
import { QueueHandle } from "./queue-handle.ts";
import { type QueueView, readQueues } from "./queue-views.ts";
import { type ResultsOptions, type RunResult, results } from "./results.ts";
import { type ResumeFilter, resumeWhere } from "./resume-where.ts";
import { RunHandle } from "./run-handle.ts";
import type { RunView } from "./run-view.ts";
import { Runs } from "./runs.ts";
import { Schedules } from "./schedules.ts";
import { checkSignal, checkSignalId, sendSignal } from "./send-signal.ts";
import { submit } from "./submit.ts";
import {
  type SubmitItem,
  type SubmitManyOptions,
  type SubmitOutcome,
  submitMany,
} from "./submit-many.ts";
import { Triggers } from "./triggers.ts";
import {
  type Verdict,
  type VerifyAllOptions,
  type VerifyOptions,
  verifyEach,
  verifyOne,
} from "./verify.ts";
import { Webhooks } from "./webhooks.ts";
import { readWorkers, type WorkerView } from "./workers.ts";

/** A connection to a namespace. Make one per process, share it, and close it at the end. */
export class Millrace {
  /** The ports underneath: for workers and tools. */
  readonly broker: Broker;
  /** Between values and what stands in messages: for workers and tools. */
  readonly payloads: Payloads;
  /** Finds and counts runs by asking a server of the namespace. */
  readonly runs: Runs;
  readonly #host: ClientHost;

  constructor(broker: Broker, clock: Clock = systemClock, options: PayloadOptions = {}) {
    this.broker = broker;
    this.payloads = new Payloads(broker, clock, options);
    this.runs = new Runs(broker, clock);
    const priorities = new PriorityMarks({ broker, clock });
    const lookout = new Lookout(clock);
    this.#host = { broker, clock, payloads: this.payloads, lookout, priorities };
  }

  /** What the client's own functions work with: for the parts of a worker. */
  get host(): ClientHost {
    return this.#host;
  }

  /** Closed runs as files: when they go there, and how they come back. */
  get archive(): Archive {
    return new Archive(this.#host);
  }

  /** What is told of runs, what stands in the events stream, and how long. */
  get events(): Events {
    return new Events(this.#host);
  }

  /** Runs by the clock: cron and intervals. */
  get schedules(): Schedules {
    return new Schedules(this.#host);
  }

  /** What is done when something happens. */
  get triggers(): Triggers {
    return new Triggers(this.#host);
  }

  /** Endpoints of outgoing webhooks, and what was delivered to them. */
  get webhooks(): Webhooks {
    return new Webhooks(this.#host, this.runs);
  }

  /** Where webhooks of others come in. */
  get hooks(): Hooks {
    return new Hooks(this.#host);
  }

  get namespace(): string {
    return this.broker.log.namespace;
  }

  /**
   * Submits a run, and comes back when it is durable. Submitting the same key again gives a handle on the same run.
   * @throws {@link InputInvalidError}, {@link NotSerializableError}, {@link PayloadTooLargeError},
   * {@link NameFunctionError}, {@link AttributeInvalidError} and {@link InvalidNameError} before anything is sent; {@link RunExistsError} with `ifExists: "reject"`; {@link BrokerError}
   * when the broker confirms nothing for 30 s, {@link BlobStoreError} when the blob store takes nothing for so long.
   */
  submit<Input, Output, Wire>(
    definition: Definition<Input, Output, Wire>,
    ...args: undefined extends Wire
      ? [input?: NoInfer<Wire>, options?: SubmitOptions]
      : [input: NoInfer<Wire>, options?: SubmitOptions]
  ): Promise<RunHandle<Output>>;
  /** The same by name, for a process that does not have the code. The input is not checked here. */
  submit(flow: string, input?: unknown, options?: SubmitOptions): Promise<RunHandle>;
  submit(
    definition: AnyDefinition | string,
    input?: unknown,
    options: SubmitOptions = {},
  ): Promise<RunHandle<never>> {
    return submit(this.#host, definition, input, options) as Promise<RunHandle<never>>;
  }

  /**
   * Submits many runs in a pipeline, and tells what came of each in the items' order: accepted with a handle, refused
   * before anything was published, or unconfirmed. Iterate over it: nothing is submitted that is not asked for, items are
   * pulled as there is room, and what is in memory does not grow with their number.
   *
   * ```ts
   * for await (const outcome of millrace.submitMany(resize, items)) {
   *   if (outcome.status !== "accepted") console.error(outcome.index, outcome.error.message);
   * }
   * ```
   */
  submitMany<Input, Output, Wire>(
    definition: Definition<Input, Output, Wire>,
    items: AnyIterable<SubmitItem<NoInfer<Wire>>>,
    options?: SubmitManyOptions,
  ): Outcomes<SubmitOutcome<Output>>;
  /** The same by name. The inputs are not checked here. */
  submitMany(
    flow: string,
    items: AnyIterable<SubmitItem>,
    options?: SubmitManyOptions,
  ): Outcomes<SubmitOutcome>;
  submitMany(
    definition: AnyDefinition | string,
    items: AnyIterable<SubmitItem>,
    options: SubmitManyOptions = {},
  ): Outcomes<SubmitOutcome<never>> {
    return submitMany(this.#host, definition, items, options);
  }

  /**
   * Waits for many runs, by handle or id, and tells of each as it ends: over this one connection, with a bounded number of
   * look-ups at once, ten thousand runs or one.
   * @throws what ends all of it, from the iteration: {@link ConnectionClosedError}, or the signal's reason.
   */
  results<Output = unknown>(
    runs: AnyIterable<RunHandle<Output> | string>,
    options: ResultsOptions = {},
  ): Outcomes<RunResult<Output>> {
    return results(runs, (id) => this.attach<Output>(id), options);
  }

  /**
   * The runs of a flow as their last frames show them, in no particular order and with bounded memory: a look through the
   * log. Runs that no worker has taken up yet have no history, and do not come.
   * @throws {@link InvalidNameError}, {@link BrokerError} from the iteration when the broker goes away in between.
   */
  list(filter: RunFilter): AsyncGenerator<RunView> {
    return listRuns(this.#host, filter);
  }

  /**
   * Continues every run of a flow that is in these states now, as {@link RunHandle.resume} does one, and gives how many
   * they were. To see them first, {@link Millrace.list} them. Safe to call again.
   */
  resumeWhere(filter: ResumeFilter): Promise<number> {
    return resumeWhere(this.#host, filter);
  }

  /**
   * Signals a run, and starts it first if there is none by this key: both are durable when it resolves, and neither is done
   * twice if it is called again with the same key and `signalId`.
   * @throws {@link RunClosedError} when the run has ended, and what {@link Millrace.submit} and {@link RunHandle.signal} throw.
   */
  signalOrSubmit<Input, Output, Wire, Value, SignalWire>(
    definition: Definition<Input, Output, Wire>,
    input: NoInfer<Wire>,
    options: SubmitOptions & { readonly key: string; readonly signalId?: string },
    signal: Signal<Value, SignalWire>,
    ...args: undefined extends SignalWire
      ? [value?: NoInfer<SignalWire>]
      : [value: NoInfer<SignalWire>]
  ): Promise<RunHandle<Output>>;
  /** The same by name, for a process that does not have the code. The input is not checked here. */
  signalOrSubmit<Value, SignalWire>(
    flow: string,
    input: unknown,
    options: SubmitOptions & { readonly key: string; readonly signalId?: string },
    signal: Signal<Value, SignalWire>,
    ...args: undefined extends SignalWire
      ? [value?: NoInfer<SignalWire>]
      : [value: NoInfer<SignalWire>]
  ): Promise<RunHandle>;
  async signalOrSubmit(
    definition: AnyDefinition | string,
    input: unknown,
    options: SubmitOptions & { readonly key: string; readonly signalId?: string },
    signal: Signal,
    ...args: [value?: unknown]
  ): Promise<RunHandle<never>> {
    const { signalId, ...submitOptions } = options;
    if (signalId !== undefined) checkSignalId(signalId);
    const value = await checkSignal(signal, args[0]);
    const handle = await submit(this.#host, definition, input, submitOptions);
    await sendSignal(this.#host, parseRunId(handle.id), value, signalId);
    return handle as RunHandle<never>;
  }

  /**
   * Tells other programs, and triggers, that something has happened: publishes a CloudEvent of this type, such as
   * `order.created`. Resolves when it is durable. In a flow, use `ctx.emit`.
   * @throws {@link InvalidNameError}, {@link NotSerializableError} for data that JSON cannot say, {@link PayloadTooLargeError},
   * {@link InvalidOptionError} before anything is sent; {@link BrokerError} when the broker confirms nothing for 30 s.
   */
  emit(type: string, data?: unknown, options: EmitEventOptions = {}): Promise<EmittedEvent> {
    return emit(this.#host, type, data, options);
  }

  /**
   * A handle on a run by its id. Reads nothing yet: what is not there is told by the handle's methods.
   * @throws {@link InvalidNameError} when this cannot be a run id.
   */
  attach<Output = unknown>(id: string): RunHandle<Output> {
    return new RunHandle(this.#host, parseRunId(id));
  }

  /**
   * Makes a run of its own of another one, as {@link RunHandle.fork} does. With `dryRun`, only says what it would begin with.
   * @throws what {@link RunHandle.fork} throws
   */
  fork(id: string, options: ForkOptions & { readonly dryRun: true }): Promise<ForkPlan>;
  fork<Output = unknown>(
    id: string,
    options?: ForkOptions & { readonly dryRun?: false },
  ): Promise<RunHandle<Output>>;
  async fork(
    id: string,
    { dryRun = false, ...options }: ForkOptions & { readonly dryRun?: boolean } = {},
  ): Promise<ForkPlan | RunHandle> {
    if (dryRun) return planFork(this.#host, parseRunId(id), options);
    return this.attach(id).fork(options);
  }

  /**
   * All that is recorded of a run as one file, a bundle (docs/bundles.md): to look at it, replay it and test with it where
   * there is no broker. The same run gives the same bytes.
   * @throws {@link RunNotFoundError}, {@link InvalidOptionError} for a path of `redact` that is none, {@link RedactionError},
   * {@link BundleTooLargeError}, {@link BlobMissingError}, {@link BlobStoreError}, {@link ArchiveFileError}, {@link BrokerError}
   */
  async export(id: string, options: ExportOptions = {}): Promise<Uint8Array> {
    return exportRun(this.#host, parseRunId(id), options);
  }

  /**
   * Puts the run of a bundle into the log under its own id, to be looked at here. Nothing of it is ever executed: what had ended
   * is closed, what was open is parked, and neither is resumed. To go on with it, fork it. Safe to call again.
   * @throws {@link BundleUnreadableError}, {@link RunExistsError} when the id is taken, {@link RunNotImportableError},
   * {@link BlobStoreError}, {@link BrokerError}
   */
  async import(bundle: Uint8Array, options: ImportOptions = {}): Promise<ImportedRun> {
    return importRun(this.#host, bundle, options);
  }

  /**
   * Checks what is recorded of a run, in the log or the archive: no frame missing, altered or out of its place (docs/verify.md).
   * What is found is in the verdict.
   * @throws {@link RunNotFoundError}, {@link BlobStoreError}, {@link BrokerError}
   */
  async verify(id: string, options: VerifyOptions = {}): Promise<Verdict> {
    return verifyOne(this.#host, parseRunId(id), options);
  }

  /**
   * The same of every run of the namespace, in no particular order and with bounded memory.
   * @throws {@link BlobStoreError}, {@link BrokerError} when it is read.
   */
  verifyAll(options: VerifyAllOptions = {}): Outcomes<Verdict> {
    return verifyEach(this.#host, options);
  }

  /**
   * A queue's settings: limit, rate, pause. Reads nothing yet.
   * @throws {@link InvalidNameError}
   */
  queue(name: string): QueueHandle {
    return new QueueHandle(this.#host, name);
  }

  /** Messages that no worker could use, and what to do with them. */
  get deadLetters(): DeadLetters {
    return new DeadLetters(this.#host);
  }

  /**
   * All queues that somebody has ever read or settled something for, by name: their settings and slots, what waits there
   * and since when, and which workers serve them.
   */
  queues(): Promise<readonly QueueView[]> {
    return readQueues(this.#host);
  }

  /**
   * The workers of the last day as they told of themselves: those that serve, and those that stopped or are gone. A worker
   * tells of itself every 10 s.
   */
  workers(): Promise<readonly WorkerView[]> {
    return readWorkers(this.#host);
  }

  /** Sends what is still on its way, then disconnects. Runs go on. */
  close(): Promise<void> {
    return this.broker.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
