/**
 * What a worker does about what one run's flow asks for. The flow may ask at any time; it is begun when the history has been
 * replayed, and after all that was recorded before has been shown.
 */
import type { Command, Journal, Outcome } from "../engine/journal.ts";
import type { RunEventBody } from "../engine/run-event.ts";
import type { Clock } from "../ports/clock.ts";
import type { AskedStep, StepEffects } from "./asked-step.ts";
import type { Cancellation } from "./cancellation.ts";
import type { Emitter } from "./emitter.ts";
import type { CommandName, CommandTaker } from "./flow-host.ts";
import type { PlannedChild, RunChildren } from "./run-children.ts";
import type { RunTimers } from "./run-timers.ts";
import type { SlotHold } from "./slot-hold.ts";
import type { StepCache } from "./step-cache.ts";
import type { StepRunner } from "./step-runner.ts";

export class FlowCommands implements CommandTaker {
  readonly #parts: FlowCommandsParts;
  readonly #effects: StepEffects;
  /** When the timers are to fire that are not recorded yet. */
  readonly #wanted = new Map<string, (now: number) => number>();
  /** Commands that nothing was done about yet. */
  #asked: Command[] = [];

  constructor(parts: FlowCommandsParts) {
    this.#parts = parts;
    const { cache, emitter, clock, children, interruptedAt } = parts;
    const takenUpAt = clock.now();
    this.#effects = {
      cache,
      emitter,
      /** What was begun before is begun again soon, if at all. */
      get interruptedAt() {
        return clock.now() - takenUpAt > BEGUN_AGAIN_MS ? undefined : interruptedAt;
      },
      send: (run, body, inputId) => children.send(run, body, inputId),
      watch: (run) => children.watch(run),
    };
  }

  /** How many commands nothing was done about yet. */
  get waiting(): number {
    return this.#asked.length;
  }

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

  // What the flow asks for.

  step(id: string, { fnWith, retry, timeoutMs }: AskedStep): void {
    this.#parts.steps.plan(id, { fn: fnWith(this.#effects), retry, timeoutMs });
  }

  timer(id: string, fireAt: (now: number) => number): void {
    this.#wanted.set(id, fireAt);
  }

  child(id: string, child: PlannedChild): void {
    this.#parts.children.plan(id, child);
  }

  asked(command: Command): void {
    if (!command.settled) this.#asked.push(command);
    this.#parts.onAsked();
  }

  settled({ kind, id }: CommandName, outcome: Outcome, error?: Error): void {
    const { timers, steps } = this.#parts;
    steps.forget(id);
    this.#wanted.delete(id);
    // A receive may have a timer, which nobody waits for any more; nor for what was cancelled.
    if (kind === "receive" || outcome.type === "cancelled") timers.cancel(id);
    if (outcome.type === "cancelled" && error !== undefined) steps.abort(id, error);
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
  readonly cancellation: Cancellation;
  readonly record: (body: RunEventBody) => void;
  /** The flow asked for something. */
  readonly onAsked: () => void;
  /** The flow waits for a signal. */
  readonly onReceive: () => void;
  /** Says that a step is about to be executed; false when it must not be. */
  readonly mayExecute: () => boolean;
  /** A slot is there, for what waits for one. */
  readonly onSlot: () => void;
}

const BEGUN_AGAIN_MS = 60_000;
