/**
 * One worker's hold on one run: replays its history, goes on from there, and ends by closing, parking, releasing or
 * losing it.
 *
 * - **I4** The token is acked only after the frame that makes it unnecessary is durable, or a wake that names it.
 * - **I7** The flow sees the history's events and nothing else, one at a time. A mismatch parks this run alone.
 */
import type { Logger } from "pino";
import type { AnyDefinition } from "../definition/definition.ts";
import type { FlowContext } from "../definition/flow-context.ts";
import { validate } from "../definition/standard-schema.ts";
import { ContextClosedError } from "../engine/flow-errors.ts";
import type { FrameStatus } from "../engine/frame.ts";
import { type Command, Journal, type Mismatch, type Outcome } from "../engine/journal.ts";
import { followUps, replayable } from "../engine/replayable.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import { outcomeOf } from "../engine/run-state.ts";
import type { Submission } from "../engine/submission.ts";
import { putWake } from "../history/put-wake.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { decodeError, encodeError } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";
import type { AppendPlace } from "./append-frame.ts";
import { Context, type ContextHost } from "./context.ts";
import { drained } from "./drained.ts";
import type { KeptMessage } from "./kept-message.ts";
import { leaseLost } from "./lease-lost-error.ts";
import { Recorder } from "./recorder.ts";
import { RunTimers } from "./run-timers.ts";
import { SlotHold } from "./slot-hold.ts";
import type { Slots } from "./slots.ts";
import type { AttemptResult } from "./step-attempt.ts";
import type { StepPlan } from "./step-plan.ts";
import { encodeWithin, LONE_EVENT_MS, StepRunner } from "./step-runner.ts";
import { markOwn } from "./stray-rejections.ts";

export class Activation implements ContextHost {
  readonly run: RunRef;
  readonly attempt: number;
  readonly #parts: ActivationParts;
  readonly #host: ActivationHost;
  readonly #recorder: Recorder;
  readonly #journal: Journal;
  readonly #timers: RunTimers;
  readonly #steps: StepRunner;
  readonly #slot: SlotHold;
  /** When the timers are to fire that are not recorded yet. */
  readonly #wanted = new Map<string, (now: number) => number>();
  /** Which step a rebuilt error came from. */
  readonly #stepErrors = new WeakMap<Error, string>();
  /** Messages handed over since the last frame left. The next one folds them. */
  readonly #handed: KeptMessage[] = [];
  /** Messages that the frame under way folds, acked when it is durable. */
  readonly #folding: KeptMessage[] = [];
  #token: KeptMessage;
  /** Commands that the flow has asked for and nothing was done about yet. */
  #asked: Command[] = [];
  /** How the flow's function ended, once it has. */
  #outcome: AttemptResult | undefined;
  /** `closing`: the event that ends this activation is recorded, and nothing else may be. */
  #mode: "replaying" | "live" | "draining" | "closing" | "ended" = "replaying";
  /** True while the flow is shown what became durable. */
  #showing = false;
  #log: Logger | undefined;
  #left: Promise<void> | undefined;
  #onLeft: (() => void) | undefined;

  constructor(host: ActivationHost, parts: ActivationParts) {
    const { broker, clock } = host;
    this.#host = host;
    this.#parts = parts;
    this.#token = parts.token;
    this.run = parts.run;
    this.attempt = 1 + parts.history.filter(isLostEnd).length;
    this.#journal = new Journal(parts.history[0]?.at ?? clock.now());
    this.#timers = new RunTimers(clock);
    this.#slot = new SlotHold(host.slots);
    this.#steps = new StepRunner({
      runId: parts.run.id,
      clock,
      timers: this.#timers,
      maxPayloadBytes: this.#maxPayloadBytes,
      log: () => this.log,
      record: (body, at) => this.#record(body, at),
    });
    this.#recorder = new Recorder(
      {
        run: parts.run,
        broker,
        clock,
        log: host.log,
        maxFrameBytes: broker.log.maxMessageBytes,
        identity: {
          epoch: parts.epoch,
          writer: host.worker,
          token: this.token,
          queue: parts.submission.queue,
        },
        statusAfter: (events) => this.#statusAfter(events),
        onSend: () => this.#folding.push(...this.#handed.splice(0)),
        onDurable: (events, frame) => this.#onDurable(events, frame),
        onLost: (result) => this.lose(leaseLost(result)),
        onIdle: () => this.#onIdle(),
        onDefect: (error) => this.lose(asError(error)),
      },
      parts.place,
      parts.inboxFolded,
    );
    parts.token.hold(parts.epoch);
  }

  /** Sequence of the message that gives this worker the run. */
  get token(): number {
    return this.#token.delivery.sequence;
  }

  /** Replays what is recorded and goes on. A run without a history starts: its first frame carries `Activated`. */
  play(): void {
    this.#play().catch((error: unknown) => this.lose(asError(error)));
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
    this.#handed.push(message);
    const { kind, sequence } = message.delivery;
    if (kind === "in") this.#recorder.inboxFolded = Math.max(this.#recorder.inboxFolded, sequence);
  }

  /** The run is somebody else's: stop everything, write nothing, ack nothing for it. */
  lose(reason: Error): void {
    if (this.#mode === "ended") return;
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

  // What the context asks for.

  get runId(): string {
    return this.run.id;
  }

  get tags(): readonly string[] {
    return this.#parts.submission.tags;
  }

  get now(): number {
    return this.#journal.now;
  }

  get log(): Logger {
    if (this.#log === undefined) {
      this.#log = this.#host.log.child({ run: this.run.id });
      if (this.#mode === "replaying") this.#log.level = "silent";
    }
    return this.#log;
  }

  step(id: string, plan: StepPlan): Promise<unknown> {
    return this.#command("step", id, () => this.#steps.plan(id, plan));
  }

  async timer(id: string, fireAt: (now: number) => number): Promise<void> {
    await this.#command("timer", id, () => this.#wanted.set(id, fireAt));
  }

  #command(kind: "step" | "timer", id: string, prepare: () => void): Promise<unknown> {
    if (this.#mode === "closing" || this.#mode === "ended" || this.#outcome !== undefined) {
      return Promise.reject(markOwn(new ContextClosedError(this.run.id, `${kind} ${id}`)));
    }
    return new Promise((resolve, reject) => {
      prepare();
      const command = this.#journal.open(kind, id, (outcome) => {
        this.#steps.forget(id);
        this.#wanted.delete(id);
        this.#settle(id, outcome, resolve, reject);
      });
      this.#asked.push(command);
      this.#advanceLater();
    });
  }

  #settle(
    id: string,
    outcome: Outcome,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    if (outcome.error !== undefined) {
      const error = markOwn(decodeError(outcome.error));
      this.#stepErrors.set(error, id);
      return reject(error);
    }
    try {
      resolve(outcome.output === undefined ? undefined : decodeValue(outcome.output));
    } catch (error) {
      reject(markOwn(asError(error)));
    }
  }

  // The flow: replay, then progress.

  async #play(): Promise<void> {
    if (this.#parts.history.length === 0) this.#activateLazily();
    await this.#callFlow();
    await drained();
    const { history } = this.#parts;
    const optional = followUps(history);
    for (const event of replayable(history)) {
      if (this.#mode !== "replaying") return;
      const mismatch = this.#journal.apply(event);
      if (mismatch !== undefined && !optional.has(event)) return this.#park(mismatch);
      await drained();
    }
    if (this.#mode !== "replaying") return;
    this.#mode = this.#onLeft === undefined ? "live" : "draining";
    if (this.#log !== undefined) this.#log.level = this.#host.log.level;
    this.#advance();
  }

  #activateLazily(): void {
    const { token } = this;
    const { epoch } = this.#parts;
    const { worker } = this.#host;
    // Its time is the one that the flow sees as now until the first outcome: the same in every replay.
    this.#recorder.hold(
      { type: "Activated", epoch, worker, token, reason: "submitted" },
      this.#journal.now,
    );
    this.#timers.after("", LONE_EVENT_MS, () => this.#recorder.flush());
  }

  /** Checks the input, which may take time, then calls the flow's function, which must not: from then on it is shown events. */
  async #callFlow(): Promise<void> {
    const { definition, submission } = this.#parts;
    const context = new Context(this);
    let input: unknown;
    try {
      input = decodeValue(submission.input);
      const subject = `flow ${definition.name}`;
      // A task's input is checked by its step.
      if (definition.kind === "flow") input = await validate(subject, definition.input, input);
    } catch (error) {
      this.#outcome = { ok: false, error };
      return;
    }
    const call = async (): Promise<unknown> =>
      definition.kind === "task"
        ? context.run(definition, input)
        : (definition.fn as (ctx: FlowContext, input: unknown) => unknown)(context, input);
    call().then(
      (value) => this.#onFlowEnd({ ok: true, value }),
      (error: unknown) => this.#onFlowEnd({ ok: false, error }),
    );
  }

  #onFlowEnd(outcome: AttemptResult): void {
    this.#outcome = outcome;
    this.#advanceLater();
  }

  /** A flow that is not being shown an event woke up by itself: look at what it did after this turn. */
  #advanceLater(): void {
    if (this.#mode === "live" && !this.#showing) process.nextTick(() => this.#advance());
  }

  /** Does something about all that the flow did since the last event it saw. */
  #advance(): void {
    if (this.#mode !== "live" && this.#mode !== "draining") return;
    if (this.#outcome !== undefined) return this.#close(this.#outcome);
    const asked = this.#asked;
    this.#asked = [];
    for (const command of asked) {
      // In a worker that drains, whoever takes the run up next begins it.
      if (this.#mode === "live" && !command.settled) this.#begin(command);
    }
    this.#onIdle();
  }

  #begin(command: Command): void {
    if (command.kind === "timer") return this.#beginTimer(command);
    if (command.dueAt === undefined) return this.#attempt(command);
    this.#timers.at(command.id, command.dueAt, () => this.#attempt(command));
  }

  #beginTimer({ id, dueAt }: Command): void {
    if (dueAt !== undefined) {
      this.#timers.at(id, dueAt, () => this.#record({ type: "TimerFired", timer: id }));
      return;
    }
    const now = this.#host.clock.now();
    const fireAt = this.#wanted.get(id)?.(now) ?? now;
    this.#record({ type: "TimerSet", timer: id, fireAt });
  }

  #attempt(command: Command): void {
    if (this.#mode !== "live") return;
    if (this.#slot.held) return this.#steps.start(command);
    this.#asked.push(command);
    this.#slot.ask(() => {
      if (this.#mode === "ended") this.#slot.give();
      else this.#advance();
    });
  }

  // What is recorded, and what became durable.

  #record(body: RunEventBody, at?: number): void {
    if (this.#mode === "live" || this.#mode === "draining") this.#recorder.record(body, at);
  }

  /** Records the event that ends this activation. Nothing is recorded after it. */
  #recordEnd(body: RunEventBody): void {
    this.#mode = "closing";
    this.#timers.cancelAll();
    this.#steps.abortAll(this.#unawaited);
    this.#recorder.record(body);
  }

  async #onDurable(events: readonly RunEvent[], frame: Uint8Array): Promise<void> {
    this.#showing = true;
    for (const message of this.#folding.splice(0)) message.ack();
    for (const event of events) {
      const mismatch = this.#journal.apply(event);
      // What we record was asked for: anything else is a defect that must not pass in silence.
      if (mismatch !== undefined) throw new Error(`Recorded ${mismatch.expected} out of turn.`);
      this.#afterEvent(event, frame);
      if (this.#mode === "ended") return;
      await drained();
    }
    this.#showing = false;
    this.#advance();
  }

  #afterEvent(event: RunEvent, frame: Uint8Array): void {
    if (event.type === "StepAttemptFailed") this.#askAgain(event.step);
    else if (event.type === "TimerSet") this.#askAgain(event.timer);
    else if (event.type === "Parked") this.#onParked(event);
    else if (event.type === "Released") this.#onReleased();
    else if (outcomeOf([event]) !== undefined) this.#onClosed(frame);
  }

  /** The command has got a time at which it is due. */
  #askAgain(id: string): void {
    const command = this.#journal.find(id);
    if (command !== undefined) this.#asked.push(command);
  }

  #statusAfter(events: readonly RunEvent[]): FrameStatus {
    const last = events.at(-1)?.type;
    if (last === "Completed") return "completed";
    if (last === "Failed") return "failed";
    if (last === "Parked") return "parked";
    if (last === "Released") return "released";
    return last === "StepAttemptFailed" && this.#steps.running === 0 ? "awaiting-retry" : "running";
  }

  // Ends.

  #close(outcome: AttemptResult): void {
    let thrown: unknown;
    if (outcome.ok) {
      const what = `The output of run ${this.run.id}`;
      try {
        const output = encodeWithin(this.#maxPayloadBytes, outcome.value, what);
        return this.#recordEnd({ type: "Completed", output });
      } catch (error) {
        thrown = error;
      }
    } else thrown = outcome.error;
    const step = this.#stepBehind(thrown);
    this.#recordEnd({ type: "Failed", error: encodeError(thrown, this.#maxPayloadBytes), step });
  }

  /** The step whose failure the flow let through, itself or as a cause. */
  #stepBehind(thrown: unknown): string {
    for (let at = thrown, depth = 0; at instanceof Error && depth < 16; at = at.cause, depth++) {
      const step = this.#stepErrors.get(at);
      if (step !== undefined) return step;
    }
    return "";
  }

  #onClosed(frame: Uint8Array): void {
    const { replyTo } = this.#parts.submission;
    // A large outcome is read from the stream: the hint only says that it is there.
    const hint = frame.length > MAX_HINT_BYTES ? new Uint8Array() : frame;
    if (replyTo !== "") this.#host.broker.hints.send(replyTo, hint);
    this.#leaveForGood();
  }

  #park(mismatch: Mismatch): void {
    const reason = mismatch.step === "" ? "unknown-event" : "mismatch";
    this.#recordEnd({ type: "Parked", reason, ...mismatch });
  }

  #onParked({ reason, expected, asked, step }: Extract<RunEvent, { type: "Parked" }>): void {
    this.#host.log.error(
      { run: this.run.id, reason, expected, asked, step },
      "Run parked: its code does not match its history",
    );
    this.#leaveForGood();
  }

  #releaseIfQuiet(): void {
    if (this.#mode !== "draining" || this.#outcome !== undefined) return;
    if (this.#steps.running > 0 || !this.#recorder.idle || this.#showing) return;
    this.#recordEnd({ type: "Released" });
  }

  #onReleased(): void {
    const { queue } = this.#parts.submission;
    const wake = { replaces: [this.token], resume: false, queue };
    // Ack after the wake is in the inbox: between the two the token itself is still unacked (I4).
    putWake(this.#host, this.run, this.#token.delivery.queue, wake)
      .then(
        () => this.#token.ack(),
        () => this.#token.drop(),
      )
      .finally(() => {
        this.#leave(this.#unawaited, (message) => message.giveBack());
      });
  }

  /** Nothing is left to do for the run: neither its token nor what was handed over is needed any more (I4). */
  #leaveForGood(): void {
    this.#token.ack();
    this.#leave(this.#unawaited, (message) => message.ack());
  }

  #leave(reason: () => Error, settle: (message: KeptMessage) => void): void {
    if (this.#mode === "ended") return;
    this.#mode = "ended";
    this.#recorder.stop();
    this.#timers.cancelAll();
    this.#steps.abortAll(reason);
    for (const message of [...this.#folding.splice(0), ...this.#handed.splice(0)]) settle(message);
    this.#slot.give();
    this.#host.onLeave(this);
    this.#onLeft?.();
  }

  /** A run that only waits executes nothing: it leaves its slot to others. */
  #onIdle(): void {
    this.#releaseIfQuiet();
    if (this.#steps.running > 0 || !this.#recorder.idle || this.#showing) return;
    if (this.#mode === "live" && this.#asked.length === 0) this.#slot.give();
  }

  readonly #unawaited = (): Error =>
    new ContextClosedError(this.run.id, "A step that nobody awaited");

  get #maxPayloadBytes(): number {
    return this.#host.broker.log.maxMessageBytes - EVENT_HEADROOM_BYTES;
  }
}

/** What an activation needs of its worker. */
export interface ActivationHost {
  readonly worker: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly slots: Slots;
  onLeave(activation: Activation): void;
}

export interface ActivationParts {
  readonly run: RunRef;
  readonly definition: AnyDefinition;
  readonly submission: Submission;
  readonly token: KeptMessage;
  readonly epoch: number;
  readonly place: AppendPlace;
  readonly inboxFolded: number;
  /** Empty for a run that starts: nothing of it is recorded yet. */
  readonly history: readonly RunEvent[];
}

const EVENT_HEADROOM_BYTES = 4_096;
const MAX_HINT_BYTES = 65_536;

/** An end that was not the last word: the run was continued by hand after it. */
function isLostEnd(event: RunEvent): boolean {
  return event.type === "Failed" || event.type === "Crashed";
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
