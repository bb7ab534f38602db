/**
 * What one run's flow asks for, and what is done about it. The flow may ask at any time; it is begun when the history has been
 * replayed, and after all that was recorded before has been shown.
 */
import type { Logger } from "pino";
import { ContextClosedError } from "../engine/flow-errors.ts";
import type { InputBody } from "../engine/input.ts";
import type { Asked, Command, Journal, Outcome } from "../engine/journal.ts";
import type { PlainPayload } from "../engine/payload.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import type { RunId, RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { Clock } from "../ports/clock.ts";
import type { Annotated } from "./annotated.ts";
import type { Cancellation } from "./cancellation.ts";
import { causesOf } from "./closing-event.ts";
import { commandValue } from "./command-outcome.ts";
import type { ContextHost } from "./context-host.ts";
import type { Emitter } from "./emitter.ts";
import { Patches } from "./patches.ts";
import type { PlannedChild, RunChildren } from "./run-children.ts";
import type { RunPayloads } from "./run-payloads.ts";
import type { RunTimers } from "./run-timers.ts";
import type { SlotHold } from "./slot-hold.ts";
import type { StepCache } from "./step-cache.ts";
import type { StepPlan } from "./step-plan.ts";
import type { StepRunner } from "./step-runner.ts";
import { markOwn } from "./stray-rejections.ts";

export class FlowCommands implements ContextHost {
  readonly runId: RunId;
  readonly attempt: number;
  readonly #parts: FlowCommandsParts;
  readonly #patches: Patches;
  readonly #takenUpAt: number;
  /** When the timers are to fire that are not recorded yet. */
  readonly #wanted = new Map<string, (now: number) => number>();
  /** Which step a rebuilt error came from. */
  readonly #stepErrors = new WeakMap<Error, string>();
  /** Commands that nothing was done about yet. */
  #asked: Command[] = [];

  constructor(parts: FlowCommandsParts, history: readonly RunEvent[]) {
    this.#parts = parts;
    this.runId = parts.run.id;
    this.#takenUpAt = parts.clock.now();
    // Each end that was not the last word: the run was continued by hand after it.
    this.attempt = 1 + history.filter(({ type }) => type === "Failed" || type === "Crashed").length;
    this.#patches = new Patches(history);
  }

  /** How many commands nothing was done about yet. */
  get waiting(): number {
    return this.#asked.length;
  }

  /** The step that an error came from, if it came from one. */
  readonly stepOf = (error: Error): string | undefined => this.#stepErrors.get(error);

  /** Does something about all that the flow asked for. In a worker that drains, whoever takes the run up next begins it. */
  advance(isDraining: boolean): void {
    const asked = this.#asked;
    this.#asked = [];
    for (const command of asked) {
      if (command.settled) continue;
      // What a cancellation takes back that is on its way is not begun: nothing is recorded that never was.
      if (this.#isDoomed(command)) this.#asked.push(command);
      else if (!isDraining) this.#begin(command);
    }
  }

  /** The command has got a time at which it is due. */
  askAgain(id: string): void {
    const command = this.#parts.journal.find(id);
    if (command !== undefined) this.#asked.push(command);
  }

  // What the context asks for.

  get cache(): StepCache {
    return this.#parts.cache;
  }

  get emitter(): Emitter {
    return this.#parts.emitter;
  }

  /** What was begun before is begun again soon, if at all. */
  get interruptedAt(): number | undefined {
    const { clock, interruptedAt } = this.#parts;
    return clock.now() - this.#takenUpAt > BEGUN_AGAIN_MS ? undefined : interruptedAt;
  }

  get submission(): Submission {
    return this.#parts.submission;
  }

  get tags(): readonly string[] {
    return [...this.#parts.submission.tags, ...this.#parts.annotated.tags];
  }

  get now(): number {
    return this.#parts.journal.now;
  }

  get log(): Logger {
    return this.#parts.log();
  }

  get maxPayloadBytes(): number {
    return this.#parts.maxPayloadBytes;
  }

  step(id: string, plan: StepPlan, shielded: boolean): Promise<unknown> {
    const prepare = (): void => this.#parts.steps.plan(id, plan);
    return this.#ask({ kind: "step", id, topic: "", shielded }, prepare);
  }

  async timer(id: string, fireAt: (now: number) => number, shielded: boolean): Promise<void> {
    const prepare = (): unknown => this.#wanted.set(id, fireAt);
    await this.#ask({ kind: "timer", id, topic: "", shielded }, prepare);
  }

  receive(
    id: string,
    signal: string,
    until: ((now: number) => number) | undefined,
    shielded: boolean,
  ): Promise<PlainPayload | undefined> {
    const prepare = (): void => {
      if (until !== undefined) this.#wanted.set(id, until);
    };
    const received = this.#ask({ kind: "receive", id, topic: signal, shielded }, prepare);
    return received as Promise<PlainPayload | undefined>;
  }

  async child(id: string, child: PlannedChild, shielded: boolean): Promise<void> {
    const prepare = (): void => this.#parts.children.plan(id, child);
    await this.#ask({ kind: "child", id, topic: child.run.id, shielded }, prepare);
  }

  outcome(id: string, run: RunId, shielded: boolean): Promise<unknown> {
    return this.#ask({ kind: "outcome", id, topic: run, shielded }, () => undefined);
  }

  send(run: RunRef, body: InputBody, inputId: string): Promise<void> {
    return this.#parts.children.send(run, body, inputId);
  }

  watch(run: RunRef): Promise<void> {
    return this.#parts.children.watch(run);
  }

  annotate(change: (annotated: Annotated) => void): void {
    change(this.#parts.annotated);
    this.#parts.onAnnotated();
  }

  patch(id: string): boolean {
    const { record, isPast } = this.#parts;
    return this.#patches.take(id, isPast(), () => record({ type: "Patched", patch: id }));
  }

  undone(error: unknown): void {
    // Resumed by hand, the run would try that step again on top of what is no more.
    for (const at of causesOf(error)) this.#stepErrors.delete(at);
  }

  #ask(asked: Omit<Asked, "settle">, prepare: () => unknown): Promise<unknown> {
    const { kind, id } = asked;
    if (this.#parts.isOver()) {
      return Promise.reject(markOwn(new ContextClosedError(this.runId, `${kind} ${id}`)));
    }
    return new Promise((resolve, reject) => {
      prepare();
      const settle = (outcome: Outcome): void => {
        this.#parts.steps.forget(id);
        this.#wanted.delete(id);
        this.#settle(asked, outcome, resolve, reject);
      };
      const command = this.#parts.journal.open({ ...asked, settle });
      if (!command.settled) this.#asked.push(command);
      this.#parts.onAsked();
    });
  }

  #settle(
    { kind, id }: Pick<Asked, "kind" | "id">,
    outcome: Outcome,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const { timers, steps, payloads, cancellation } = this.#parts;
    // A receive may have a timer, which nobody waits for any more; nor for what was cancelled.
    if (kind === "receive" || outcome.type === "cancelled") timers.cancel(id);
    const run = { id: this.runId, cancelReason: cancellation.reason, payloads };
    try {
      resolve(commandValue({ kind }, outcome, run));
    } catch (thrown) {
      const error = markOwn(thrown instanceof Error ? thrown : new Error(String(thrown)));
      if (outcome.type === "error") this.#stepErrors.set(error, id);
      else if (outcome.type === "cancelled") steps.abort(id, error);
      reject(error);
    }
  }

  /** True between the request to stop and the moment at which the flow is told. */
  #isDoomed({ shielded }: Command): boolean {
    const { cancellation, journal } = this.#parts;
    return !shielded && cancellation.isRequested && journal.cancellation === "none";
  }

  #begin(command: Command): void {
    const { kind, id, dueAt } = command;
    const { timers, children, record, onReceive } = this.#parts;
    switch (kind) {
      case "step":
        if (dueAt === undefined) return this.#attempt(command);
        return timers.at(id, dueAt, () => this.#attempt(command));
      case "timer":
        return this.#beginTimer(command);
      case "receive":
        onReceive();
        return dueAt === undefined && !this.#wanted.has(id) ? undefined : this.#beginTimer(command);
      case "child": {
        const body = children.eventOf(id);
        return body === undefined ? undefined : record(body);
      }
      case "outcome":
        return;
    }
  }

  #beginTimer({ id, dueAt }: Command): void {
    const { clock, timers, record } = this.#parts;
    if (dueAt !== undefined) {
      timers.at(id, dueAt, () => record({ type: "TimerFired", timer: id }));
      return;
    }
    const now = clock.now();
    const fireAt = this.#wanted.get(id)?.(now) ?? now;
    record({ type: "TimerSet", timer: id, fireAt });
  }

  #attempt(command: Command): void {
    const { slot, steps, mayExecute, onSlot } = this.#parts;
    if (command.settled || !mayExecute()) return;
    if (slot.held) return steps.start(command);
    this.#asked.push(command);
    slot.ask(onSlot);
  }
}

export interface FlowCommandsParts {
  readonly run: RunRef;
  readonly submission: Submission;
  readonly cache: StepCache;
  readonly emitter: Emitter;
  /** The time of the last event before this activation, if the one before it ended without a word. */
  readonly interruptedAt: number | undefined;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly steps: StepRunner;
  readonly timers: RunTimers;
  readonly slot: SlotHold;
  readonly children: RunChildren;
  readonly payloads: RunPayloads;
  readonly annotated: Annotated;
  readonly cancellation: Cancellation;
  readonly maxPayloadBytes: number;
  readonly log: () => Logger;
  readonly record: (body: RunEventBody) => void;
  /** True while the flow does what it did before, in the history that is replayed. */
  readonly isPast: () => boolean;
  /** True when nothing may be asked for any more. */
  readonly isOver: () => boolean;
  /** The flow asked for something. */
  readonly onAsked: () => void;
  /** The flow tells something of itself. */
  readonly onAnnotated: () => void;
  /** The flow waits for a signal. */
  readonly onReceive: () => void;
  /** Says that a step is about to be executed; false when it must not be. */
  readonly mayExecute: () => boolean;
  /** A slot is there, for what waits for one. */
  readonly onSlot: () => void;
}

const BEGUN_AGAIN_MS = 60_000;
