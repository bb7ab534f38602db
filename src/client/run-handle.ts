import type { Signal } from "../definition/signal.ts";
import { RunArchivedError } from "../engine/archive-errors.ts";
import { archivedIn } from "../engine/archived-event.ts";
import { RunImportedError } from "../engine/bundle-errors.ts";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { isClosed, isResumable, type RecordedFrame } from "../engine/frame.ts";
import { RunNotFoundError, RunNotResumableError } from "../engine/run-errors.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { parseRunId, type RunId, type RunRef } from "../engine/run-id.ts";
import { statusBeforeStart } from "../engine/run-status.ts";
import { isImported } from "../engine/submission.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { valueOf } from "../history/outcome-value.ts";
import { putWake } from "../history/put-wake.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { AsyncQueue } from "./async-queue.ts";
import type { ClientHost } from "./client-host.ts";
import { countEvents } from "./count-events.ts";
import { explainRun } from "./explain/explain-run.ts";
import type { Explanation } from "./explain/explanation.ts";
import { gatherFacts } from "./explain/gather-facts.ts";
import type { ForkOptions, RerunOptions } from "./fork/fork-options.ts";
import { forkRun } from "./fork.ts";
import { openOutcome } from "./open-outcome.ts";
import type { OutcomeHint } from "./outcome-hint.ts";
import { waitForOutcome } from "./outcome-waiter.ts";
import { waitsInQueue } from "./queue-waits.ts";
import { readAnnotations } from "./read-annotations.ts";
import { type DetailsOptions, type RunDetails, readDetails } from "./run-details.ts";
import { RunFollower } from "./run-follower.ts";
import { type RunTree, readTree, type TreeOptions } from "./run-tree.ts";
import { NOTHING_TOLD, type RunView, shownAnnotations, viewOfFrame } from "./run-view.ts";
import { checkSignal, sendSignal } from "./send-signal.ts";
import { ShownPayloads } from "./shown-payloads.ts";
import { cancelRun, terminateRun } from "./stop-run.ts";
import { ToldAnnotations } from "./told-annotations.ts";

/** A run, wherever it executes. All it holds is the id: it works from any process, at any later time. */
export class RunHandle<Output = unknown> {
  readonly id: RunId;
  /** True when the `submit` that gave this handle stored the run; false when it was there, and for every other handle. */
  readonly isNew: boolean;
  readonly #host: ClientHost;
  readonly #run: RunRef;
  #hint: OutcomeHint | undefined;

  constructor(host: ClientHost, run: RunRef, hint?: OutcomeHint, isNew = false) {
    this.id = run.id;
    this.#host = host;
    this.#run = run;
    this.#hint = hint;
    this.isNew = isNew;
  }

  /**
   * The run's output, as soon as it has completed.
   * @throws {@link RunFailedError} (its `cause` is what the run threw), {@link RunCrashedError},
   * {@link RunCancelledError}, {@link RunNotFoundError}, {@link ResultTimeoutError} when `timeout` is over, the reason of
   * `signal` when it aborts, and the errors of payloads ({@link BlobStoreError}, {@link BlobMissingError},
   * {@link BlobDamagedError}, {@link CodecError}, {@link PayloadUnreadableError}) when the output or the error cannot be
   * read. A parked run has not ended: it is waited for.
   */
  async result(options: ResultOptions = {}): Promise<Output> {
    const { timeout, signal } = options;
    const outcome = await waitForOutcome(this.#host, this.#run, this.#hint, {
      ...(timeout === undefined ? {} : { timeoutMs: toMilliseconds(timeout) }),
      ...(signal === undefined ? {} : { signal }),
    });
    // Good for one answer: a failed run may be continued by hand, and then ends another way.
    if (outcome.status !== "completed") this.#hint = undefined;
    return valueOf(this.id, await openOutcome(this.#host.payloads, outcome)) as Output;
  }

  /**
   * Where the run is now: one look-up, and one more if its flow tells of itself.
   * @throws {@link RunNotFoundError}
   */
  async state(): Promise<RunView> {
    const { log } = this.#host.broker;
    const { frame } = await readHead(log, this.#run);
    if (frame !== undefined) {
      const told = await readAnnotations(log, this.#run, frame);
      if (told === undefined) return viewOfFrame(this.id, frame);
      return viewOfFrame(this.id, frame, await shownAnnotations(told, this.#host.payloads));
    }
    const submission = await readSubmission(this.#host.broker.log, this.#run);
    if (submission === undefined) throw this.#notFound();
    return {
      id: this.id,
      status: statusBeforeStart(submission, this.#host.clock.now()),
      closed: false,
      epoch: 0,
      worker: "",
      queue: submission.queue,
      sequence: submission.sequence,
      updatedAt: new Date(submission.submittedAt),
      waitingFor: await waitsInQueue(this.#host, this.#run, submission.queue),
      archived: undefined,
      ...NOTHING_TOLD,
    };
  }

  /**
   * All that is recorded of the run: input, steps with their attempts, timers, outcome. Reads the whole history. With `at`
   * it is the run as it was after that event.
   * @throws {@link RunNotFoundError}, {@link InvalidOptionError}, {@link EventNotFoundError}, and {@link ArchiveFileError} when it is in the archive and its file
   * cannot be read.
   */
  async details(options: DetailsOptions = {}): Promise<RunDetails> {
    const details = await readDetails(this.#host, this.#run, options);
    if (details === undefined) throw this.#notFound();
    return details;
  }

  /**
   * Why the run is where it is, and what to do: decided from its history, its queue, and what the workers say when they are
   * asked. Reads the whole history, and wakes nobody. A run that does not exist is explained too.
   */
  async explain(): Promise<Explanation> {
    return explainRun(await gatherFacts(this.#host, this.#run));
  }

  /** The run's states as they come, the present one first; ends when the run has ended. */
  watch(options: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<RunView> {
    let isTold = false;
    const told = new ToldAnnotations(this.#host, this.#run);
    const views = this.#iterate<RunView>("last-frame", 0, options.signal, async (frames, queue) => {
      isTold = true;
      for (const frame of frames) queue.push(viewOfFrame(this.id, frame, await told.asOf(frame)));
    });
    this.state().then(
      (view) => {
        if (!isTold && view.epoch === 0) views.push(view);
      },
      (error: unknown) => {
        // The broker is away: the follower waits for it.
        if (!(error instanceof BrokerError)) views.fail(error);
      },
    );
    return views;
  }

  /**
   * The run's events in order, from the first frame after sequence `from`. With `follow` it goes on until the run has
   * ended, otherwise it stops at what is recorded now. A payload that is large, or cannot be read here, is left as it is
   * recorded.
   */
  events(options: EventsOptions = {}): AsyncIterableIterator<RecordedEvent> {
    const { from = 0, follow = false, signal } = options;
    const shown = new ShownPayloads(this.#host.payloads);
    let number = from === 0 ? 0 : undefined;
    const push = async (
      frames: readonly RecordedFrame[],
      queue: AsyncQueue<RecordedEvent>,
    ): Promise<void> => {
      number ??= await countEvents(this.#host, this.#run, from);
      if (number === undefined) throw this.#notFound();
      for (const { sequence, epoch, events } of frames) {
        for (const [index, event] of events.entries()) {
          queue.push({ ...(await shown.event(event)), number: ++number, sequence, index, epoch });
        }
      }
    };
    if (follow) {
      const events = this.#iterate("every-frame", from, signal, push);
      this.state().catch((error: unknown) => {
        if (error instanceof RunNotFoundError) events.fail(error);
      });
      return events;
    }
    const queue = new AsyncQueue<RecordedEvent>(() => undefined);
    this.details().then(
      async ({ frames }) => {
        await push(
          frames.filter(({ sequence }) => sequence > from),
          queue,
        );
        queue.end();
      },
      (error: unknown) => queue.fail(error),
    );
    return queue;
  }

  /**
   * Sends a value to the run by a signal. Resolves when it is durable: the run receives it once, in the order in which signals
   * of this name were stored, whether it waits for it now, later, or is not started yet.
   * @throws {@link RunClosedError}, {@link RunNotFoundError}, {@link InputInvalidError} when the signal's schema refuses the
   * value, {@link NotSerializableError}, {@link PayloadTooLargeError}.
   */
  async signal<Value, Wire>(
    signal: Signal<Value, Wire>,
    ...args: undefined extends Wire ? [value?: NoInfer<Wire>] : [value: NoInfer<Wire>]
  ): Promise<void> {
    await sendSignal(this.#host, this.#run, await checkSignal(signal, args[0]));
  }

  /**
   * Asks the run to stop. What its flow awaits throws {@link CancelledError} once; it may clean up, and then ends as
   * `cancelled`. A run of which no worker has recorded anything ends at once, and its steps are aborted.
   * Resolves when the request is durable.
   * @throws {@link RunClosedError}, {@link RunNotFoundError}
   */
  cancel(reason = ""): Promise<void> {
    return cancelRun(this.#host, this.#run, reason);
  }

  /**
   * Ends the run now as `cancelled`, whoever has it: its flow does not clean up, and what it is doing is given up. Resolves
   * when that is durable.
   * @throws {@link RunClosedError}, {@link RunNotFoundError}
   */
  terminate(reason = "terminated"): Promise<void> {
    return terminateRun(this.#host, this.#run, reason);
  }

  /**
   * The runs that this run's flow submitted, in the order in which it did. Reads the whole history.
   * @throws {@link RunNotFoundError}
   */
  async children(): Promise<readonly RunHandle[]> {
    const { children } = await this.details();
    return children.map(({ runId }) => new RunHandle(this.#host, parseRunId(runId)));
  }

  /**
   * The run and its family below it: the runs that it submitted, theirs, and so on, as deep and as many as `options` say.
   * Reads the history of each.
   * @throws {@link RunNotFoundError}, {@link InvalidOptionError}
   */
  async tree(options: TreeOptions = {}): Promise<RunTree> {
    const tree = await readTree(this.#host, this.#run, options);
    if (tree === undefined) throw this.#notFound();
    return tree;
  }

  /**
   * Continues a parked, failed or crashed run from its history: a parked one with the code that is deployed now, a
   * failed one with a new try at the step that failed it, a crashed one with a new crash budget. Resolves when the request
   * is durable.
   * @throws {@link RunNotResumableError}, {@link RunArchivedError}, {@link RunImportedError}, {@link RunNotFoundError}
   */
  async resume(): Promise<void> {
    const { status, queue, archived } = await this.state();
    if (!isResumable(status)) throw new RunNotResumableError(this.id, status);
    if (archived !== undefined) throw new RunArchivedError(this.id);
    if (isImported((await readHead(this.#host.broker.log, this.#run)).frame)) {
      throw new RunImportedError(this.id);
    }
    this.#hint = undefined;
    await putWake(this.#host, this.#run, queue, { replaces: [], resume: true, queue });
    // It may have been archived meanwhile: then nobody acts upon what was put there.
    const { frame } = await readHead(this.#host.broker.log, this.#run);
    if (archivedIn(frame) !== undefined) throw new RunArchivedError(this.id);
  }

  /**
   * Runs it again from the start, as a run of its own: with the same input, or the one that is given. Resolves when that is
   * accepted. Its history is not copied, so everything is done again.
   * @throws {@link RunNotFoundError}, {@link RunExistsError} when the key has another run, {@link InvalidOptionError},
   * {@link NotSerializableError}, {@link PayloadTooLargeError}, {@link ArchiveFileError}, {@link BrokerError}
   */
  rerun(options: RerunOptions = {}): Promise<RunHandle<Output>> {
    return this.fork(options);
  }

  /**
   * Makes a run of its own of this one: what was recorded up to a point is copied, and from there it goes on with the code that
   * is deployed now. This run is not touched, whatever state it is in, the archive included. Resolves when the fork is accepted.
   *
   * ```ts
   * const fork = await run.fork({ from: "charge", key: "order-42-again" });
   * ```
   * @throws what {@link RunHandle.rerun} throws, {@link EventNotFoundError}, {@link RunNotForkableError}
   */
  async fork(options: ForkOptions = {}): Promise<RunHandle<Output>> {
    const { run, isNew } = await forkRun(this.#host, this.#run, options);
    return new RunHandle(this.#host, run, undefined, isNew);
  }

  #iterate<T>(
    depth: "every-frame" | "last-frame",
    from: number,
    signal: AbortSignal | undefined,
    push: (frames: readonly RecordedFrame[], queue: AsyncQueue<T>) => void | Promise<void>,
  ): AsyncQueue<T> {
    // One after the other, however long one takes.
    let pushed: Promise<void> = Promise.resolve();
    const onAbort = (): void => queue.fail(signal?.reason);
    const queue = new AsyncQueue<T>(() => {
      signal?.removeEventListener("abort", onAbort);
      follower.stop();
    });
    const follower = new RunFollower(
      this.#host,
      this.#run,
      { from, depth },
      {
        onFrames: (frames) => {
          pushed = pushed.then(async () => {
            await push(frames, queue);
            if (isClosed(frames.at(-1)?.status ?? "")) queue.end();
          });
          pushed.catch((error: unknown) => queue.fail(error));
        },
        onError: (error) => queue.fail(error),
      },
    );
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    else follower.start().catch((error: unknown) => queue.fail(error));
    return queue;
  }

  #notFound(): RunNotFoundError {
    return new RunNotFoundError(this.id, this.#host.broker.log.namespace);
  }
}

export interface ResultOptions {
  /** How long to wait. Default: until the run has ended. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

export interface EventsOptions {
  /** Only events of frames after this stream sequence. Default 0: all. */
  readonly from?: number;
  /** Go on until the run has ended. Default false. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** An event with its place: stream sequence of its frame, index in the frame, and the activation that recorded it. */
export type RecordedEvent = RunEvent & {
  /** Its number in the run, from 1: what names it in every command and call. */
  readonly number: number;
  readonly sequence: number;
  readonly index: number;
  readonly epoch: number;
};
