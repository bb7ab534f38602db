/**
 * One worker's hold on one run: replays its history, goes on from there, and ends by closing, suspending, parking, releasing
 * or losing it.
 *
 * - **I4** The token is acked only after the frame that makes it unnecessary is durable, or a wake that names it.
 * - **I5** What follows from a frame is published after it, and before the run is given up.
 * - **I7** The flow sees the history's events and nothing else, one at a time. A mismatch parks this run alone.
 */
import type { Logger } from "pino";
import { ContextClosedError } from "../engine/flow-errors.ts";
import { frameStatus } from "../engine/frame-status.ts";
import type { PlainInput } from "../engine/input.ts";
import { Journal, type Mismatch } from "../engine/journal.ts";
import type { PlainPayload } from "../engine/payload.ts";
import type { RunActivity } from "../engine/run-activity.ts";
import type { ParkReason, RunEvent, RunEventBody } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import { outcomeOf, type RunOutcome } from "../engine/run-outcome.ts";
import { tellClosed, waitersOf } from "../history/tell-closed.ts";
import type { ActivationHost, ActivationParts, HeldRun } from "./activation-parts.ts";
import { activityOf } from "./activity.ts";
import { Annotated } from "./annotated.ts";
import { Cancellation } from "./cancellation.ts";
import { drained } from "./drained.ts";
import { encodeWithin } from "./encode-within.ts";
import { FlowCommands } from "./flow-commands.ts";
import { FlowPlay } from "./flow-play.ts";
import { foldedInput } from "./folded-input.ts";
import { handBack } from "./hand-back.ts";
import { interruptedAt, isUncalled } from "./history-marks.ts";
import type { KeptMessage } from "./kept-message.ts";
import { LeaseLostError, leaseLost } from "./lease-lost-error.ts";
import { parkedBy, parkedUnreadable } from "./park-reason.ts";
import { type DurableFrame, Recorder } from "./recorder.ts";
import { RunChildren } from "./run-children.ts";
import { RunInbox } from "./run-inbox.ts";
import { RunPayloads } from "./run-payloads.ts";
import { RunTimers } from "./run-timers.ts";
import { sealEvent } from "./seal-event.ts";
import { SlotHold } from "./slot-hold.ts";
import type { AttemptResult } from "./step-attempt.ts";
import { LONE_EVENT_MS, StepRunner } from "./step-runner.ts";
import { Suspension } from "./suspension.ts";

export class Activation implements HeldRun {
  readonly run: RunRef;
  readonly #parts: Omit<ActivationParts, "history" | "inbox">;
  readonly #host: ActivationHost;
  readonly #recorder: Recorder;
  readonly #journal: Journal;
  readonly #timers: RunTimers;
  readonly #steps: StepRunner;
  readonly #inbox: RunInbox;
  readonly #payloads: RunPayloads;
  readonly #children: RunChildren;
  readonly #annotated: Annotated;
  readonly #slot: SlotHold;
  readonly #commands: FlowCommands;
  readonly #play: FlowPlay;
  readonly #cancellation: Cancellation;
  readonly #suspension: Suspension;
  #token: KeptMessage;
  /** `closing`: the event that ends this activation is recorded, and nothing else may be. */
  #mode: "replaying" | "live" | "draining" | "suspending" | "closing" | "ended" = "replaying";
  /** What is to be recorded as soon as the history has been replayed. */
  #whenLive: RunEventBody[] = [];
  /** True while the flow is shown what became durable. */
  #showing = false;
  /** True until a run that starts has written its first frame, and then looked at its inbox. */
  #isUnread: boolean;
  /** Let go when it has been replayed: a run may wait for long, and its payloads keep much more alive than themselves. */
  #history: readonly RunEvent[];
  /** Inputs that wait until one of them can be read. */
  #foldsWaiting = 0;
  #lastFold: Promise<unknown> = Promise.resolve();
  /** True while the event that closes the run is on its way to the blob store. */
  #isSealing = false;
  /** The run is somebody else's now. */
  #isLost = false;
  #log: Logger | undefined;
  #left: Promise<void> | undefined;
  #onLeft: (() => void) | undefined;

  constructor(host: ActivationHost, parts: ActivationParts) {
    const { broker, clock } = host;
    const { history, inbox, ...kept } = parts;
    const { run, inboxFolded, annotated, place, submission } = kept;
    this.#host = host;
    this.#parts = kept;
    this.#history = history;
    this.#token = parts.token;
    this.#isUnread = history.length === 0;
    this.run = run;
    const { queue } = submission;
    const pause = (): Promise<void> => {
      if (broker.closed.aborted) this.lose(leaseLost({ status: "closed" }));
      return new Promise((resolve) => void clock.after(AGAIN_MS, resolve));
    };
    this.#inbox = new RunInbox(
      {
        load: (after) => broker.log.inbox(run, queue, after),
        pause,
        fold: (sequence, input) => this.#fold(sequence, input),
        pass: (sequence) => this.#pass(sequence),
        onWake: ({ replaces }) => this.#onWake(replaces),
        onRead: () => this.#onIdle(),
      },
      inbox ?? [],
      inboxFolded,
    );
    this.#journal = new Journal(history[0]?.at ?? clock.now(), this.#inbox.at);
    this.#payloads = new RunPayloads({
      payloads: host.payloads,
      clock,
      inputAt: this.#inbox.at,
      onTrouble: (err) => host.log.warn({ run: run.id, err }, "A payload waits; trying again"),
    });
    const seal = this.#payloads.seal.bind(this.#payloads);
    this.#annotated = new Annotated(history, {
      runId: run.id,
      submitted: parts.submission.attributes,
      seal,
      onChange: () => this.#onAnnotated(),
    });
    this.#timers = new RunTimers(clock);
    this.#slot = new SlotHold(host.slots);
    const { deadlineAt } = submission;
    this.#cancellation = new Cancellation({ deadlineAt, record: (body) => this.#record(body) });
    this.#suspension = new Suspension({
      host,
      run,
      queue,
      epoch: parts.epoch,
      journal: this.#journal,
      timers: this.#timers,
      isQuiet: () => this.#isQuiet,
      holdsSlot: () => host.holdsSlot(this),
      deadlineAt: () => this.#cancellation.deadlineAt,
      record: (body) => {
        this.#mode = "suspending";
        this.#timers.cancelAll();
        this.#recorder.record(body);
      },
      onDefect: (error) => this.lose(asError(error)),
    });
    this.#children = new RunChildren({
      host,
      run,
      queue,
      pause,
      seal,
      onDone: () => this.#advance(),
      onTrouble: (err) => host.log.warn({ run: run.id, err }, "Not published; trying again"),
    });
    this.#steps = new StepRunner({
      runId: run.id,
      clock,
      timers: this.#timers,
      maxPayloadBytes: this.#host.payloads.maxBytes,
      maxErrorBytes: this.#maxErrorBytes,
      log: () => this.log,
      record: (body, at) => this.#record(body, at),
      seal,
      onDefect: (error) => this.lose(asError(error)),
    });
    this.#recorder = new Recorder(
      {
        run,
        broker,
        clock,
        log: host.log,
        identity: { epoch: parts.epoch, writer: host.worker, token: this.token, queue },
        statusAfter: (events) =>
          frameStatus(events, {
            isScheduled: this.#suspension.isScheduled,
            isToStop: this.#cancellation.isRequested,
            isExecuting: this.#steps.running > 0,
          }),
        onDurable: (events, frame) => this.#onDurable(events, frame),
        onLost: (result) => this.lose(leaseLost(result)),
        onTooLarge: (events, size) => this.#parkTooLarge(events, size),
        onIdle: () => this.#onIdle(),
        onDefect: (error) => this.lose(asError(error)),
      },
      { place, inboxFolded, annotated },
    );
    this.#commands = new FlowCommands({
      cache: host.cache,
      emitter: host.emitter,
      interruptedAt: interruptedAt(history, parts.epoch),
      clock,
      journal: this.#journal,
      steps: this.#steps,
      timers: this.#timers,
      slot: this.#slot,
      children: this.#children,
      cancellation: this.#cancellation,
      record: (body) => this.#record(body),
      onAsked: () => this.#advanceLater(),
      // It may have been sent before the run started: the inbox is read when the first frame is durable.
      onReceive: () => this.#isUnread && this.#recorder.flush(),
      mayExecute: () => this.#mayExecute(),
      onSlot: () => (this.#mode === "ended" ? this.#slot.give() : this.#advance()),
    });
    this.#play = new FlowPlay(
      {
        definition: parts.definition,
        submission,
        guard: host.guard,
        journal: this.#journal,
        payloads: this.#payloads.opened,
        annotated: this.#annotated,
        cancellation: this.#cancellation,
        maxPayloadBytes: host.payloads.maxBytes,
        taker: this.#commands,
        log: () => this.log,
        record: (body) => this.#record(body),
        isOver: () => this.#mode === "closing" || this.#mode === "ended",
        onAnnotated: () => this.#onAnnotated(),
        openInput: () => this.#openInput(),
        onAttributes: () => this.#onAttributes(),
        onEnd: () => this.#advanceLater(),
        goesOn: () => this.#mode === "replaying",
        canShow: (event, opening) => this.#canShow(event, opening),
        see: (event, follow) => this.#see(event, follow),
      },
      history,
    );
    parts.token.hold(parts.epoch);
  }

  /** Sequence of the message that gives this worker the run. */
  get token(): number {
    return this.#token.delivery.sequence;
  }

  /** What it does now, for whoever asks. */
  get activity(): RunActivity {
    const { epoch, definition } = this.#parts;
    const phase = this.#mode === "replaying" || this.#mode === "live" ? this.#mode : "leaving";
    return activityOf({
      epoch,
      phase: phase === "live" ? "going" : phase,
      crashLimit: definition.crashLimit,
      steps: this.#steps,
      journal: this.#journal,
      slot: this.#slot,
    });
  }

  /** Replays what is recorded and goes on. A run without a history starts: its first frame carries `Activated`. */
  play(): void {
    this.#takeUp().catch((error: unknown) => this.lose(asError(error)));
  }

  /** Its own token was handed out anew because the broker lost its memory of it: this delivery is the token from now on. */
  adopt(message: KeptMessage): void {
    // In this order: whoever asks the lease thread in between must not hear that nobody holds the run.
    message.hold(this.#parts.epoch);
    this.#token.drop();
    this.#token = message;
  }

  /** Takes a message that is for this run. It stays unacked until a frame that folds it is durable (I4). */
  handOver(message: KeptMessage): void {
    this.#inbox.handOver(message);
    if (message.delivery.kind === "in") this.readInbox();
  }

  /** There may be something new in the inbox: somebody was told that this worker will look (I6). */
  readInbox(): void {
    // Before it goes live, and when it is suspended, it reads the inbox anyhow; when it has closed, if it was asked.
    if (this.#mode === "live" && !this.#isUnread) this.#inbox.read();
    else this.#inbox.readLater();
  }

  /** True while somebody relies on a look at the inbox that has not been taken. */
  get isBehind(): boolean {
    return this.#inbox.isBehind;
  }

  /** The run is somebody else's: stop everything, write nothing, ack nothing for it. */
  lose(reason: Error): void {
    if (this.#mode === "ended") return;
    this.#isLost = true;
    this.#host.log.warn({ run: this.run.id, epoch: this.#parts.epoch }, reason.message);
    this.#token.drop();
    this.#leave(
      () => reason,
      (message) => message.giveBack(),
    );
  }

  /** Lets running steps finish, then gives the run up in good order. Resolves when it has left this worker. */
  release(): Promise<void> {
    if (this.#mode === "ended") return Promise.resolve();
    this.#left ??= new Promise((resolve) => {
      this.#onLeft = resolve;
    });
    // A replay is let finish first; an end that is recorded is an end.
    if (this.#mode === "live") {
      this.#mode = "draining";
      this.#timers.cancelAll();
      this.#recorder.flush();
      this.#releaseIfQuiet();
    }
    return this.#left;
  }

  /** The grace period is over: release without the steps that still run. */
  abortSteps(reason: Error): void {
    this.#steps.abortAll(() => reason);
    this.#releaseIfQuiet();
  }

  get log(): Logger {
    if (this.#log === undefined) {
      this.#log = this.#host.log.child({ run: this.run.id });
      if (this.#mode === "replaying") this.#log.level = "silent";
    }
    return this.#log;
  }

  #onAnnotated(): void {
    if (this.#mode !== "live" || this.#timers.has(ANNOTATED) || !this.#annotated.changed) return;
    this.#suspension.busy();
    this.#timers.after(ANNOTATED, LONE_EVENT_MS, () => this.#recordAnnotations());
  }

  // The flow: replay, then progress.

  async #takeUp(): Promise<void> {
    const history = this.#history;
    if (history.length === 0) this.#activateLazily();
    if (this.#closeUnstarted()) return;
    await this.#play.begin();
    await drained();
    const unasked = await this.#play.replay(history);
    if (unasked !== undefined) this.#park(unasked.mismatch);
    else if (this.#mode === "replaying") this.#goLive();
  }

  #goLive(): void {
    this.#play.goOn();
    this.#mode = this.#onLeft === undefined ? "live" : "draining";
    if (this.#log !== undefined) this.#log.level = this.#host.log.level;
    for (const body of this.#whenLive.splice(0)) this.#record(body);
    if (this.#mode === "live") {
      this.#inbox.begin();
      // Handed over before it was live, or found by somebody who was told that this worker will look.
      if (!this.#isUnread) this.#inbox.read();
      this.#recordAnnotations();
      // Folded, and the worker died before what follows from it was recorded.
      for (const input of this.#inbox.inputs) {
        if (input.type === "Cancel") this.#cancellation.request(input.reason);
      }
      this.#cancellation.watchDeadline(this.#timers);
      if (this.#journal.cancellation !== "none") this.#children.cancelOpen(this.#stopReason);
    }
    this.#history = [];
    this.#advance();
  }

  #activateLazily(): void {
    const { token } = this;
    const { epoch, definition } = this.#parts;
    const { worker } = this.#host;
    const version = definition.kind === "flow" ? definition.version : "";
    // Its time is the one that the flow sees as now until the first outcome: the same in every replay.
    this.#recorder.hold(
      { type: "Activated", epoch, worker, token, reason: "submitted", version },
      this.#journal.now,
    );
    this.#timers.after("", LONE_EVENT_MS, () => this.#recorder.flush());
  }

  /** A run that is to stop before its function was ever called closes at once. */
  #closeUnstarted(): boolean {
    if (!isUncalled(this.#history)) return false;
    const isCancelled = this.#inbox.pending.some(({ type }) => type === "Cancel");
    const now = this.#host.clock.now();
    const { deadlineAt } = this.#cancellation;
    if (!isCancelled && (deadlineAt === 0 || deadlineAt > now)) return false;
    this.#mode = "live";
    this.#inbox.begin();
    this.#cancellation.requestIfLate(now);
    this.#recordEnd({ type: "Cancelled", reason: this.#stopReason });
    return true;
  }

  #onAttributes(): void {
    if (!this.#isUnread || !this.#annotated.changed) return;
    this.#recorder.hold({ type: "Annotated", ...this.#annotated.take() });
  }

  async #openInput(): Promise<PlainPayload | undefined> {
    try {
      return await this.#payloads.open(this.#parts.submission.input);
    } catch (error) {
      this.#parkUnreadable(undefined, error);
      return undefined;
    }
  }

  /** A flow that is not being shown an event woke up by itself: look at what it did after this turn. */
  #advanceLater(): void {
    if (this.#mode === "live" && !this.#showing) process.nextTick(() => this.#advance());
  }

  /** Does something about all that the flow did since the last event it saw. */
  #advance(): void {
    if (this.#mode !== "live" && this.#mode !== "draining") return;
    const { outcome } = this.#play;
    if (outcome !== undefined) return this.#close(outcome);
    this.#commands.advance(this.#mode === "draining");
    this.#onIdle();
  }

  #mayExecute(): boolean {
    if (this.#mode !== "live") return false;
    this.#suspension.busy();
    return true;
  }

  // What comes from outside.

  #fold(sequence: number, input: PlainInput): void {
    const folded = foldedInput(sequence, input);
    // Anybody can write to an inbox: a signal is recorded only when it can be read.
    const opening =
      input.type === "Signal" ? this.#payloads.opened.ready({ ...folded, at: 0 }) : undefined;
    // What comes before a request to stop may take long to read.
    if (input.type === "Cancel" && this.#foldsWaiting > 0) this.#cancellation.request(input.reason);
    this.#inTurn(opening, (err) => {
      if (this.#mode !== "live" && this.#mode !== "draining") return;
      if (err !== undefined) {
        this.#host.log.warn(
          { run: this.run.id, signal: folded.name, err },
          "A signal is passed over: its value cannot be read",
        );
        return this.#recorder.pass(sequence);
      }
      this.#record(folded);
      if (input.type === "Cancel") this.#cancellation.request(input.reason);
    });
  }

  /** As with what is recorded: after the last event nothing is folded any more. */
  #pass(sequence: number): void {
    this.#inTurn(undefined, () => {
      if (this.#mode === "live" || this.#mode === "draining") this.#recorder.pass(sequence);
    });
  }

  /** Inputs are taken in one after the other: what says that one is folded says so of all before it (I6). */
  #inTurn(opening: Promise<void> | undefined, take: (unreadable?: unknown) => void): void {
    if (opening === undefined && this.#foldsWaiting === 0) return take();
    this.#foldsWaiting++;
    const opened = (opening ?? Promise.resolve()).then(
      () => undefined,
      (error: unknown) => asError(error),
    );
    this.#lastFold = this.#lastFold
      .then(() => opened)
      .then((unreadable) => {
        this.#foldsWaiting--;
        take(unreadable);
        this.#onIdle();
      })
      .catch((error: unknown) => this.lose(asError(error)));
  }

  /** A wake stands in the place of this worker's token: somebody took it for gone, or has ended the run. */
  #onWake(replaces: readonly number[]): void {
    if (!replaces.includes(this.token)) return;
    this.lose(new LeaseLostError("Its token was replaced by a wake. This worker drops it."));
  }

  get #stopReason(): string {
    return this.#cancellation.reason;
  }

  // What is recorded, and what became durable.

  #record(body: RunEventBody, at?: number): void {
    if (this.#mode === "replaying") {
      this.#whenLive.push(body);
      return;
    }
    if (this.#mode !== "live" && this.#mode !== "draining") return;
    this.#suspension.busy();
    this.#recorder.record(body, at);
  }

  #recordAnnotations(): void {
    if (this.#annotated.changed) this.#record({ type: "Annotated", ...this.#annotated.take() });
  }

  /** Records the event that ends this activation. Nothing is recorded after it. */
  #recordEnd(body: RunEventBody): void {
    this.#recordAnnotations();
    this.#suspension.busy();
    this.#mode = "closing";
    this.#timers.cancelAll();
    this.#steps.abortAll(this.#unawaited);
    this.#recorder.record(body);
  }

  async #onDurable(events: readonly RunEvent[], frame: DurableFrame): Promise<void> {
    this.#showing = true;
    this.#inbox.folded(frame.inboxFolded);
    for (const event of events) {
      const opening = this.#payloads.opened.ready(event);
      if (opening !== undefined && !(await this.#canShow(event, opening))) return;
      this.#see(event, true);
      const mismatch = this.#journal.apply(event);
      // What we record was asked for: anything else is a defect that must not pass in silence.
      if (mismatch !== undefined) throw new Error(`Recorded ${mismatch.expected} out of turn.`);
      this.#afterEvent(event, frame);
      if (this.#mode === "ended") return;
      await drained();
    }
    this.#showing = false;
    // What came before the first frame was told to nobody; what comes from now on finds this worker.
    if (this.#isUnread && this.#play.outcome === undefined) {
      this.#isUnread = false;
      // Its input may take long to be opened: then the inbox is read when it goes live.
      if (this.#mode === "live") this.#inbox.read();
    }
    this.#advance();
  }

  /** The runs whose end the flow waits for. */
  get #awaitedRuns(): readonly string[] {
    return [...this.#journal.waiting()].flatMap(({ kind, topic }) =>
      kind === "outcome" ? [topic] : [],
    );
  }

  /** What the activation itself learns from an event, before the flow sees it. */
  #see(event: RunEvent, follow: boolean): void {
    this.#cancellation.see(event);
    if (event.type === "Forked" && follow) this.#children.inherit(this.#awaitedRuns);
    if (event.type !== "ChildSubmitted") return this.#children.see(event);
    // Asked for and taken back by a cancellation: it is never submitted.
    const isWanted = this.#journal.find(event.child) !== undefined;
    this.#children.submitted(event, { isWanted, follow });
  }

  #afterEvent(event: RunEvent, frame: DurableFrame): void {
    if (event.type === "StepAttemptFailed") this.#commands.askAgain(event.step);
    else if (event.type === "TimerSet") this.#commands.askAgain(event.timer);
    else if (event.type === "CancelRequested") this.#children.cancelOpen(event.reason);
    else if (event.type === "Parked") this.#onParked(event);
    else if (event.type === "Released") this.#onReleased();
    else if (event.type === "Suspended") void this.#onSuspended();
    else {
      const outcome = outcomeOf([event]);
      if (outcome !== undefined) void this.#onClosed(outcome, frame.bytes);
    }
  }

  // Ends.

  #close(outcome: AttemptResult): void {
    // It comes here again when they are published (I5), or its end is sealed.
    if (this.#children.busy || this.#isSealing) return;
    const exposed = this.#annotated.sealed;
    if (exposed !== undefined) return this.#whenSealed(exposed, () => this.#advance());
    const what = `The output of run ${this.run.id}`;
    const end = this.#play.closing(outcome, {
      maxErrorBytes: this.#maxErrorBytes,
      encode: (value) => encodeWithin(this.#host.payloads.maxBytes, value, what),
    });
    const sealed = sealEvent(end, (payload) => this.#payloads.seal(payload, what));
    if (sealed instanceof Promise) this.#whenSealed(sealed, (body) => this.#recordEnd(body));
    else this.#recordEnd(sealed);
  }

  /** The flow's function has ended, and what is to be recorded of it is on its way to the store. */
  #whenSealed<T>(sealing: Promise<T>, go: (sealed: T) => void): void {
    this.#isSealing = true;
    sealing.then(
      (sealed) => {
        this.#isSealing = false;
        if (this.#mode === "live" || this.#mode === "draining") go(sealed);
      },
      (error: unknown) => {
        this.#isSealing = false;
        // The codec made it too large for a message, which is an error as any other.
        this.#play.end({ ok: false, error });
      },
    );
  }

  async #onClosed(outcome: RunOutcome, frame: Uint8Array): Promise<void> {
    const { submission, epoch } = this.#parts;
    const { replyTo } = submission;
    // A large outcome is read from the stream: the hint only says that it is there.
    const hint = frame.length > MAX_HINT_BYTES ? new Uint8Array() : frame;
    if (replyTo !== "") this.#host.broker.hints.send(replyTo, hint);
    const { run } = this;
    // Somebody was told that this worker will look, and relies on it (I6).
    const late = this.isBehind ? await this.#inbox.late() : [];
    const waiters = waitersOf(submission, [...this.#inbox.inputs, ...late]);
    const orphans = this.#children.orphans(outcome);
    if (waiters.length + orphans.length > 0) {
      try {
        await tellClosed(this.#host, { run, epoch, outcome, waiters, orphans });
      } catch {
        // The token comes again when its lease is over, and whoever has it then tells them (I5).
        this.#token.drop();
      }
    }
    this.#leaveForGood();
  }

  #park(mismatch: Mismatch): void {
    this.#recordEnd(parkedBy(mismatch));
  }

  /** Waits until the flow can be shown an event. False when it cannot: the run is lost, or parked. */
  async #canShow(event: RunEvent, opening: Promise<void>): Promise<boolean> {
    try {
      await opening;
      return this.#mode !== "ended";
    } catch (error) {
      this.#parkUnreadable(event, error);
      return false;
    }
  }

  /** What is stored cannot be read here: with a key or a blob that is missing, nothing is wrong with the run itself. */
  #parkUnreadable(event: RunEvent | undefined, error: unknown): void {
    if (this.#mode === "ended" || this.#mode === "closing") return;
    this.#recordEnd(parkedUnreadable(event, asError(error)));
  }

  /** Rather here, where it can be seen, than tried for ever. */
  #parkTooLarge(
    events: readonly RunEvent[],
    { bytes, limitBytes }: { readonly bytes: Uint8Array; readonly limitBytes: number },
  ): void {
    const expected = `a frame of at most ${limitBytes} bytes`;
    const asked = `${bytes.length} bytes for ${events.map(({ type }) => type).join(", ")}`;
    this.#recordEnd({ type: "Parked", reason: "too-large", expected, asked, step: "" });
  }

  #onParked({ reason, expected, asked, step }: Extract<RunEvent, { type: "Parked" }>): void {
    const why = PARKED_WHY[reason] ?? "its code does not match its history";
    this.#host.log.error({ run: this.run.id, reason, expected, asked, step }, `Run parked: ${why}`);
    this.#leaveForGood();
  }

  #releaseIfQuiet(): void {
    if (this.#mode !== "draining" || this.#play.outcome !== undefined) return;
    if (this.#steps.running > 0 || !this.#recorder.idle || this.#showing) return;
    if (this.#children.busy) return;
    this.#recordEnd({ type: "Released" });
  }

  #onReleased(): void {
    void this.#handBack([]).finally(() => {
      this.#leave(this.#unawaited, (message) => message.giveBack());
    });
  }

  #handBack(messages: readonly KeptMessage[]): Promise<void> {
    const { queue } = this.#parts.submission;
    return handBack(this.#host, this.run, queue, this.#token, messages);
  }

  // Suspension.

  /** True when nothing is going on, on its way, or to be published. */
  get #isQuiet(): boolean {
    if (this.#mode !== "live" || this.#showing || this.#play.outcome !== undefined) return false;
    if (this.#steps.running + this.#commands.waiting > 0 || !this.#recorder.idle) return false;
    if (this.#inbox.busy || this.#children.busy || this.#annotated.busy) return false;
    return this.#foldsWaiting === 0 && !this.#isUnread;
  }

  /** A run that only waits executes nothing: it leaves its slot to others, and after a while this worker. */
  #onIdle(): void {
    this.#releaseIfQuiet();
    if (this.#steps.running > 0 || !this.#recorder.idle || this.#showing) return;
    if (this.#mode === "live" && this.#commands.waiting === 0) this.#slot.give();
    this.#suspension.idle();
  }

  /**
   * What was stored before the frame found an active run, and may rely on this worker; what comes after it finds one that is
   * suspended, and takes it up (I6). So one more look, and in the turn in which there is nothing new this worker lets go.
   */
  async #onSuspended(): Promise<void> {
    const rest = await this.#inbox.rest();
    if (rest === undefined) return; // Lost meanwhile.
    // What is handed over from now on is given back: the wake does not name it.
    const handed = [...this.#inbox.handed];
    if (rest.length + handed.length === 0) this.#token.ack();
    else await this.#handBack(handed);
    this.#leave(this.#unawaited, (message) => message.giveBack());
  }

  /** Nothing is left to do for the run: neither its token nor what was handed over is needed any more (I4). */
  #leaveForGood(): void {
    this.#token.ack();
    // An input may ask to be told of the end: it comes again, and whoever has it then sees to that.
    this.#leave(this.#unawaited, (message) =>
      message.delivery.kind === "new" ? message.ack() : message.giveBack(),
    );
  }

  #leave(reason: () => Error, settle: (message: KeptMessage) => void): void {
    if (this.#mode === "ended") return;
    this.#suspension.busy();
    this.#mode = "ended";
    this.#recorder.stop();
    this.#timers.cancelAll();
    this.#steps.abortAll(reason);
    this.#children.stop();
    this.#payloads.stop();
    for (const message of this.#inbox.stop()) settle(message);
    this.#slot.give();
    this.#host.onLeave(this, this.#isLost ? "lost" : "left");
    this.#onLeft?.();
  }

  readonly #unawaited = (): Error =>
    new ContextClosedError(this.run.id, "A step that nobody awaited");

  get #maxErrorBytes(): number {
    const { broker, payloads } = this.#host;
    return Math.min(payloads.maxBytes, broker.log.maxMessageBytes - EVENT_HEADROOM_BYTES);
  }
}

const PARKED_WHY: Readonly<Partial<Record<ParkReason, string>>> = {
  "unreadable-payload": "what is stored of it cannot be read",
  "too-large": "what is to be recorded of it fits in no message",
};

const EVENT_HEADROOM_BYTES = 4_096;
const MAX_HINT_BYTES = 65_536;
/** After the broker did not answer. */
const AGAIN_MS = 500;
/** The name of a timer that no flow can ask for. */
const ANNOTATED = "@annotated";

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
