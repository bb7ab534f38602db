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
import { ContextClosedError, PayloadTooLargeError } from "../engine/flow-errors.ts";
import type { FrameStatus } from "../engine/frame.ts";
import { type Command, Journal, type Mismatch, type Outcome } from "../engine/journal.ts";
import type { Payload } from "../engine/payload.ts";
import { replayable } from "../engine/replayable.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import { putWake } from "../history/put-wake.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { decodeError, encodeError } from "../wire/error-codec.ts";
import { decodeValue, encodeValue } from "../wire/value-codec.ts";
import type { AppendPlace, AppendResult } from "./append-frame.ts";
import { Context, type ContextHost } from "./context.ts";
import { drained } from "./drained.ts";
import type { KeptMessage } from "./kept-message.ts";
import { LeaseLostError } from "./lease-lost-error.ts";
import { Recorder } from "./recorder.ts";
import type { Slots } from "./slots.ts";
import { type AttemptResult, StepAttempt } from "./step-attempt.ts";
import { retryDelayMs, type StepPlan } from "./step-plan.ts";
import { markOwn } from "./stray-rejections.ts";

export class Activation implements ContextHost {
  readonly run: RunRef;
  readonly epoch: number;
  readonly attempt: number;
  readonly #parts: ActivationParts;
  #token: KeptMessage;
  readonly #host: ActivationHost;
  readonly #recorder: Recorder;
  readonly #journal: Journal;
  readonly #plans = new Map<string, StepPlan>();
  /** When the timers are to fire that are not recorded yet. */
  readonly #wanted = new Map<string, (now: number) => number>();
  readonly #running = new Map<string, StepAttempt>();
  readonly #cancelTimers = new Map<string, () => void>();
  readonly #stepErrors = new WeakMap<Error, string>();
  /** Messages handed over, acked when a frame that folds them is durable. */
  readonly #handed: KeptMessage[] = [];
  /** Commands that the flow has asked for and nothing was done about yet. */
  #asked: Command[] = [];
  #outcome: FlowOutcome | undefined;
  #mode: "replaying" | "live" | "draining" | "ended" = "replaying";
  #showing = false;
  #hasSlot = true;
  #wantsSlot = false;
  #log: Logger | undefined;
  #released: (() => void) | undefined;

  constructor(host: ActivationHost, parts: ActivationParts) {
    this.#host = host;
    this.#parts = parts;
    this.#token = parts.token;
    this.run = parts.run;
    this.epoch = parts.epoch;
    this.attempt = 1 + parts.history.filter(isLostEnd).length;
    this.#journal = new Journal(parts.history[0]?.at ?? host.clock.now());
    this.#recorder = new Recorder(
      {
        run: parts.run,
        broker: host.broker,
        clock: host.clock,
        maxFrameBytes: host.broker.log.maxMessageBytes,
        identity: {
          epoch: parts.epoch,
          writer: host.worker,
          token: parts.token.delivery.sequence,
          queue: parts.submission.queue,
        },
        statusAfter: (events) => this.#statusAfter(events),
        onDurable: (events, frame) => this.#onDurable(events, frame),
        onLost: (result) => this.lose(describeLoss(result)),
        onIdle: () => this.#onIdle(),
        onDefect: (error) => this.lose(asError(error)),
      },
      parts.place,
      parts.inboxFolded,
    );
    parts.token.hold(parts.epoch);
  }

  /** Replays what is recorded and goes on. A run without a history starts: its first frame carries `Activated`. */
  play(): void {
    this.#play().catch((error: unknown) => this.lose(asError(error)));
  }

  async #play(): Promise<void> {
    if (this.#parts.history.length === 0) this.#activateLazily();
    this.#callFlow();
    await drained();
    for (const event of replayable(this.#parts.history)) {
      if (this.#mode === "ended") return;
      const mismatch = this.#journal.apply(event);
      if (mismatch !== undefined) return this.#park(mismatch);
      await drained();
    }
    if (this.#mode === "ended") return;
    this.#mode = this.#released === undefined ? "live" : "draining";
    if (this.#log !== undefined) this.#log.level = this.#host.log.level;
    this.#advance();
  }

  /** Sequence of the message that gives this worker the run. */
  get token(): number {
    return this.#token.delivery.sequence;
  }

  /** Its own token was handed out anew because the broker lost its memory of it: this delivery is the token from now on. */
  adopt(message: KeptMessage): void {
    this.#token.drop();
    this.#token = message;
    message.hold(this.epoch);
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
    this.#host.log.warn({ run: this.run.id, epoch: this.epoch }, reason.message);
    this.#token.drop();
    this.#leave(reason, (message) => message.giveBack());
  }

  /** Lets running steps finish, then gives the run up in good order. Resolves when it has left this worker. */
  release(): Promise<void> {
    if (this.#mode === "ended") return Promise.resolve();
    return new Promise((resolve) => {
      this.#released = resolve;
      if (this.#mode === "live") this.#mode = "draining";
      this.#cancelAllTimers();
      this.#recorder.flush();
      this.#releaseIfQuiet();
    });
  }

  /** The grace period is over: release without the steps that still run. */
  abortSteps(reason: Error): void {
    for (const attempt of this.#running.values()) attempt.abort(reason);
    this.#running.clear();
    this.#releaseIfQuiet();
  }

  // --- What the context asks for ---

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
    return this.#command("step", id, () => this.#plans.set(id, plan));
  }

  async timer(id: string, fireAt: (now: number) => number): Promise<void> {
    await this.#command("timer", id, () => this.#wanted.set(id, fireAt));
  }

  #command(kind: "step" | "timer", id: string, note: (command: Command) => void): Promise<unknown> {
    if (this.#mode === "ended" || this.#outcome !== undefined) {
      return Promise.reject(markOwn(new ContextClosedError(this.run.id, `${kind} ${id}`)));
    }
    return new Promise((resolve, reject) => {
      const command = this.#journal.open(kind, id, (outcome) => {
        this.#plans.delete(id);
        this.#wanted.delete(id);
        this.#settle(id, outcome, resolve, reject);
      });
      note(command);
      this.#asked.push(command);
      // A flow that is not being shown an event woke up by itself: look what it asked for after this turn.
      if (this.#mode === "live" && !this.#showing) process.nextTick(() => this.#advance());
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
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  // --- The flow ---

  #activateLazily(): void {
    const { epoch, token } = this;
    const { worker } = this.#host;
    // Its time is the one that the flow sees as now until the first outcome: the same in every replay.
    this.#recorder.hold(
      { type: "Activated", epoch, worker, token, reason: "submitted" },
      this.#journal.now,
    );
    const cancel = this.#host.clock.after(LONE_EVENT_MS, () => this.#recorder.flush());
    this.#cancelTimers.set("", cancel);
  }

  #callFlow(): void {
    const { definition, submission } = this.#parts;
    const context = new Context(this);
    const subject = `${definition.kind} ${definition.name}`;
    const start = async (): Promise<unknown> => {
      const raw = decodeValue(submission.input);
      if (definition.kind === "task") return context.run(definition, raw);
      const input =
        definition.input === undefined ? raw : await validate(subject, definition.input, raw);
      return (definition.fn as (ctx: FlowContext, input: unknown) => unknown)(context, input);
    };
    start().then(
      (value) => this.#onFlowEnd({ ok: true, value }),
      (error: unknown) => this.#onFlowEnd({ ok: false, error }),
    );
  }

  #onFlowEnd(outcome: FlowOutcome): void {
    this.#outcome = outcome;
    if (this.#mode === "live" && !this.#showing) process.nextTick(() => this.#advance());
  }

  /** Does something about all that the flow asked for since the last event it saw. */
  #advance(): void {
    if (this.#mode === "ended" || this.#mode === "replaying") return;
    if (this.#outcome !== undefined) return this.#close(this.#outcome);
    const asked = this.#asked;
    this.#asked = [];
    for (const command of asked) if (!command.settled) this.#begin(command);
    this.#onIdle();
  }

  #begin(command: Command): void {
    if (this.#mode === "draining") return; // Whoever takes the run up next begins it.
    if (command.kind === "step") return this.#beginStep(command);
    if (command.dueAt !== undefined) return this.#armTimer(command.id, command.dueAt);
    const now = this.#host.clock.now();
    const fireAt = this.#wanted.get(command.id)?.(now) ?? now;
    this.#recorder.record({ type: "TimerSet", timer: command.id, fireAt });
  }

  #armTimer(id: string, dueAt: number): void {
    this.#at(id, dueAt, () => this.#recorder.record({ type: "TimerFired", timer: id }));
  }

  /** Calls back when a recorded time has come, never early. */
  #at(id: string, dueAt: number, call: () => void): void {
    const { clock } = this.#host;
    const leftMs = dueAt - clock.now();
    if (leftMs <= 0) return call();
    const again = (): void => {
      this.#cancelTimers.delete(id);
      if (this.#mode === "live") this.#at(id, dueAt, call);
    };
    this.#cancelTimers.set(id, clock.after(leftMs, again));
  }

  // --- Steps ---

  #beginStep(command: Command): void {
    if (command.dueAt === undefined) return this.#attempt(command);
    this.#at(command.id, command.dueAt, () => this.#attempt(command));
  }

  #attempt(command: Command): void {
    if (!this.#hasSlot) {
      this.#asked.push(command);
      this.#takeSlot();
      return;
    }
    const plan = this.#plans.get(command.id);
    if (plan === undefined || this.#mode !== "live") return;
    const attempt = new StepAttempt({
      runId: this.run.id,
      step: command.id,
      attempt: command.failedAttempts + 1,
      timeoutMs: plan.timeoutMs,
      clock: this.#host.clock,
      log: () => this.log,
    });
    this.#running.set(command.id, attempt);
    const cancelStarted = this.#host.clock.after(LONE_EVENT_MS, () => {
      if (this.#mode !== "live" && this.#mode !== "draining") return;
      this.#recorder.record({ type: "StepStarted", step: attempt.step, attempt: attempt.attempt });
    });
    attempt.run(plan.fn, (result) => {
      cancelStarted();
      this.#running.delete(command.id);
      if (this.#mode === "ended") return;
      this.#recorder.record(this.#outcomeOf(attempt, plan, result));
    });
  }

  #outcomeOf(attempt: StepAttempt, plan: StepPlan, result: AttemptResult): RunEventBody {
    const { step, startedAt } = attempt;
    const place = { step, attempt: attempt.attempt, startedAt };
    let thrown: unknown;
    if (result.ok) {
      try {
        const output = this.#encode(result.value, `The output of step ${step}`);
        return { type: "StepCompleted", ...place, output };
      } catch (error) {
        thrown = error;
      }
    } else thrown = result.error;
    let delayMs: number | undefined;
    try {
      delayMs = retryDelayMs(plan, attempt.attempt, thrown, Math.random());
    } catch (error) {
      thrown = new Error(`retry.when of step ${step} threw`, { cause: error });
    }
    const error = encodeError(thrown);
    if (delayMs === undefined) return { type: "StepFailed", ...place, error };
    const retryAt = this.#host.clock.now() + delayMs;
    return { type: "StepAttemptFailed", ...place, error, retryAt };
  }

  #encode(value: unknown, what: string): Payload {
    const payload = encodeValue(value, what);
    const limit = this.#host.broker.log.maxMessageBytes - EVENT_HEADROOM_BYTES;
    if (payload.data.length <= limit) return payload;
    throw new PayloadTooLargeError(what, payload.data.length, limit);
  }

  // --- What became durable ---

  async #onDurable(events: readonly RunEvent[], frame: Uint8Array): Promise<void> {
    this.#showing = true;
    for (const message of this.#handed.splice(0)) message.ack();
    for (const event of events) {
      const mismatch = this.#journal.apply(event);
      if (mismatch !== undefined) {
        // What we recorded ourselves was asked for; anything else is a defect that must not pass in silence.
        this.lose(new Error(`Run ${this.run.id} recorded ${mismatch.expected} twice.`));
        return;
      }
      this.#afterEvent(event, frame);
      if (this.#mode === "ended") return;
      await drained();
    }
    this.#showing = false;
    this.#advance();
  }

  #afterEvent(event: RunEvent, frame: Uint8Array): void {
    switch (event.type) {
      case "StepAttemptFailed":
      case "TimerSet": {
        const id = event.type === "TimerSet" ? event.timer : event.step;
        const command = this.#journal.find(id);
        if (command !== undefined) this.#asked.push(command);
        return;
      }
      case "Completed":
      case "Failed":
      case "Cancelled":
      case "Crashed":
        return this.#onClosed(frame);
      case "Parked":
        return this.#onParked(event);
      case "Released":
        return this.#onReleased();
      case "Activated":
      case "StepStarted":
      case "StepCompleted":
      case "StepFailed":
      case "TimerFired":
      case "InputFolded":
      case "Resumed":
      case "Unknown":
        return;
    }
  }

  #statusAfter(events: readonly RunEvent[]): FrameStatus {
    const last = events.at(-1)?.type;
    if (last === "Completed") return "completed";
    if (last === "Failed") return "failed";
    if (last === "Parked") return "parked";
    if (last === "Released") return "released";
    return last === "StepAttemptFailed" && this.#running.size === 0 ? "awaiting-retry" : "running";
  }

  // --- Ends ---

  #close(outcome: FlowOutcome): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#cancelAllTimers();
    const reason = new ContextClosedError(this.run.id, "a step that nobody awaited");
    for (const attempt of this.#running.values()) attempt.abort(reason);
    this.#running.clear();
    this.#recorder.record(this.#closingEvent(outcome));
  }

  #closing = false;

  #closingEvent(outcome: FlowOutcome): RunEventBody {
    let thrown: unknown;
    if (outcome.ok) {
      try {
        const output = this.#encode(outcome.value, `The output of run ${this.run.id}`);
        return { type: "Completed", output };
      } catch (error) {
        thrown = error;
      }
    } else thrown = outcome.error;
    return { type: "Failed", error: encodeError(thrown), step: this.#stepBehind(thrown) };
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
    this.#token.ack();
    this.#leave(new ContextClosedError(this.run.id, "a step"), (message) => message.ack());
  }

  #park(mismatch: Mismatch): void {
    this.#mode = "live";
    this.#closing = true;
    this.#recorder.record({
      type: "Parked",
      reason: mismatch.step === "" ? "unknown-event" : "mismatch",
      ...mismatch,
    });
  }

  #onParked(event: Extract<RunEvent, { type: "Parked" }>): void {
    const { reason, expected, asked, step } = event;
    this.#host.log.error(
      { run: this.run.id, reason, expected, asked, step },
      "Run parked: its code does not match its history",
    );
    this.#token.ack();
    this.#leave(new ContextClosedError(this.run.id, "a step"), (message) => message.ack());
  }

  #releaseIfQuiet(): void {
    if (this.#mode !== "draining" || this.#closing || this.#outcome !== undefined) return;
    if (this.#running.size > 0 || !this.#recorder.idle || this.#showing) return;
    this.#closing = true;
    this.#recorder.record({ type: "Released" });
  }

  #onReleased(): void {
    const { submission } = this.#parts;
    const token = this.#token;
    const replaces = [token.delivery.sequence];
    const wake = { replaces, resume: false, queue: submission.queue };
    // Ack after the wake is in the inbox: between the two the token itself is still unacked (I4).
    putWake(this.#host, this.run, token.delivery.queue, wake)
      .then(
        () => token.ack(),
        () => token.drop(),
      )
      .finally(() => {
        this.#leave(new ContextClosedError(this.run.id, "a step"), (message) => message.giveBack());
      });
  }

  #leave(reason: Error, settle: (message: KeptMessage) => void): void {
    if (this.#mode === "ended") return;
    this.#mode = "ended";
    this.#recorder.stop();
    this.#cancelAllTimers();
    for (const attempt of this.#running.values()) attempt.abort(reason);
    this.#running.clear();
    for (const message of this.#handed.splice(0)) settle(message);
    this.#giveSlot();
    this.#host.onLeave(this);
    this.#released?.();
  }

  #cancelAllTimers(): void {
    for (const cancel of this.#cancelTimers.values()) cancel();
    this.#cancelTimers.clear();
  }

  // --- Slots: only a run that executes takes one ---

  #onIdle(): void {
    this.#releaseIfQuiet();
    if (this.#running.size > 0 || !this.#recorder.idle || this.#showing) return;
    if (this.#mode === "live" && this.#asked.length === 0) this.#giveSlot();
  }

  #takeSlot(): void {
    if (this.#wantsSlot) return;
    this.#wantsSlot = true;
    this.#host.slots.take("held", () => {
      this.#wantsSlot = false;
      this.#hasSlot = true;
      if (this.#mode === "ended") this.#giveSlot();
      else this.#advance();
    });
  }

  #giveSlot(): void {
    if (!this.#hasSlot) return;
    this.#hasSlot = false;
    this.#host.slots.give();
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

type FlowOutcome = AttemptResult;

/** An end that was not the last word: the run was continued by hand after it. */
function isLostEnd(event: RunEvent): boolean {
  return event.type === "Failed" || event.type === "Crashed";
}

/** An event that can wait for company waits so long. */
const LONE_EVENT_MS = 100;
const EVENT_HEADROOM_BYTES = 4_096;
const MAX_HINT_BYTES = 65_536;

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Says why an activation cannot write any more. */
function describeLoss(result: Exclude<AppendResult, { status: "appended" }>): Error {
  switch (result.status) {
    case "superseded":
      return new LeaseLostError(
        `It was taken over by worker ${result.by.writer} (epoch ${result.by.epoch}). This worker drops it.`,
      );
    case "vanished":
      return new LeaseLostError("Its history was purged from the stream. This worker drops it.");
    case "closed":
      return new LeaseLostError("The connection was closed. Another worker will go on with it.");
  }
}
