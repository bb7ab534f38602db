/**
 * Matches what a flow asks for with what its history holds.
 *
 * - **I7** The flow consumes only the history: the same history gives the same commands. An event that no command asked
 *   for is a mismatch, and so is one of another kind.
 * - **I3** An outcome is taken once: a second one for the same command is a mismatch.
 *
 * The caller applies one event at a time and lets the microtask queue drain in between: that is what makes
 * `Promise.race` replay the same.
 */
import type { Payload } from "./payload.ts";
import type { RunEvent } from "./run-event.ts";

export class Journal {
  readonly #open = new Map<string, Command>();
  readonly #settled = new Set<string>();
  #now: number;

  constructor(startedAt: number) {
    this.#now = startedAt;
  }

  /** The time of the last event that the flow has seen: the same in every replay. */
  get now(): number {
    return this.#now;
  }

  /** Notes that the flow asks for something. Its outcome is told through `settle`, once. */
  open(kind: CommandKind, id: string, settle: Settle): Command {
    const command: Command = { kind, id, settle, settled: false, failedAttempts: 0 };
    this.#open.set(id, command);
    return command;
  }

  /** The commands that wait for an outcome, in the order in which the flow asked. */
  waiting(): Iterable<Command> {
    return this.#open.values();
  }

  /** A command that waits for an outcome. */
  find(id: string): Command | undefined {
    return this.#open.get(id);
  }

  /** Lets the flow see one event of its history. */
  apply(event: RunEvent): Mismatch | undefined {
    switch (event.type) {
      case "StepCompleted":
        return this.#settle(event.at, "step", event.step, event.type, { output: event.output });
      case "StepFailed":
        return this.#settle(event.at, "step", event.step, event.type, { error: event.error });
      case "TimerFired":
        return this.#settle(event.at, "timer", event.timer, event.type, {});
      case "StepAttemptFailed":
        return this.#match("step", event.step, event.type, (command) => {
          command.failedAttempts = event.attempt;
          command.dueAt = event.retryAt;
        });
      case "StepStarted":
        return this.#match("step", event.step, event.type, () => undefined);
      case "TimerSet":
        return this.#match("timer", event.timer, event.type, (command) => {
          command.dueAt = event.fireAt;
        });
      case "Activated":
      case "Released":
      case "InputFolded":
      case "Parked":
      case "Resumed":
      case "Completed":
      case "Failed":
      case "Crashed":
      case "Cancelled":
        return undefined;
      case "Unknown":
        return { expected: "an event of a newer Millrace", asked: "nothing it could be", step: "" };
    }
  }

  #settle(
    at: number,
    kind: CommandKind,
    id: string,
    type: string,
    outcome: Outcome,
  ): Mismatch | undefined {
    return this.#match(kind, id, type, (command) => {
      command.settled = true;
      this.#open.delete(id);
      this.#settled.add(id);
      this.#now = Math.max(this.#now, at);
      command.settle(outcome);
    });
  }

  #match(
    kind: CommandKind,
    id: string,
    type: string,
    found: (command: Command) => void,
  ): Mismatch | undefined {
    const command = this.#open.get(id);
    if (command?.kind === kind) {
      found(command);
      return undefined;
    }
    const expected = `${type} of ${kind} ${id}`;
    if (command !== undefined) return { expected, asked: `${command.kind} ${id}`, step: id };
    const asked = this.#settled.has(id)
      ? `${id}, whose outcome is recorded already`
      : this.#asked();
    return { expected, asked, step: id };
  }

  #asked(): string {
    const asked = [...this.waiting()].map((command) => `${command.kind} ${command.id}`);
    if (asked.length === 0)
      return "nothing (it has ended, or awaits something other than its context)";
    const shown = asked.slice(0, 5).join(", ");
    return asked.length > 5 ? `${shown} and ${asked.length - 5} more` : shown;
  }
}

export type CommandKind = "step" | "timer";

/** Something a flow asked for. */
export interface Command {
  readonly kind: CommandKind;
  readonly id: string;
  readonly settle: Settle;
  settled: boolean;
  /** How many attempts the history holds as failed. */
  failedAttempts: number;
  /** When the timer fires or the next attempt is due, in milliseconds since 1970, if the history says so. */
  dueAt?: number;
}

/** How a command ended: with an output, with an error, or (a timer) with neither. */
export interface Outcome {
  readonly output?: Payload;
  readonly error?: Payload;
}

export type Settle = (outcome: Outcome) => void;

/** Where the flow's code and its history part: what the history holds, and what the flow asked for instead. */
export interface Mismatch {
  readonly expected: string;
  readonly asked: string;
  readonly step: string;
}
