/**
 * Matches what a flow asks for with what its history holds.
 *
 * - **I7** The flow consumes only the history: the same history gives the same commands. An event that no command asked
 *   for is a mismatch, and so is one of another kind.
 * - **I3** An outcome is taken once: a second one for the same command is a mismatch.
 *
 * The caller applies one event at a time and lets the microtask queue drain in between: that is what makes
 * `Promise.race` replay the same. What a flow finds when it asks (a signal that came before, a cancellation that nothing
 * has been told of) depends on the events before, and on nothing else.
 */
import type { PlainInput, RunClosedInput, SignalInput } from "./input.ts";
import type { Payload } from "./payload.ts";
import type { RunEvent } from "./run-event.ts";

export class Journal {
  readonly #inputOf: (sequence: number) => PlainInput | undefined;
  readonly #open = new Map<string, Command>();
  /** Those of them that wait for an input, oldest first, by what it is about. */
  readonly #listening = new Map<string, Set<Command>>();
  readonly #settled = new Set<string>();
  /** Settled otherwise than by its own event, which may be on its way all the same: it says nothing then. */
  readonly #overtaken = new Set<string>();
  /** Signals that nobody has received, oldest first, by name. */
  readonly #signals = new Map<string, SignalInput[]>();
  /** How other runs ended, by their id. */
  readonly #closed = new Map<string, RunClosedInput>();
  #cancel: "none" | "requested" | "told" = "none";
  #now: number;

  /** `inputOf` gives what an input says that the history folds. */
  constructor(startedAt: number, inputOf: (sequence: number) => PlainInput | undefined) {
    this.#now = startedAt;
    this.#inputOf = inputOf;
  }

  /** The time of the last event that the flow has seen: the same in every replay. */
  get now(): number {
    return this.#now;
  }

  /** `told` once the flow was told that it is to stop, `requested` while nothing that it awaits could tell it. */
  get cancellation(): "none" | "requested" | "told" {
    return this.#cancel;
  }

  /**
   * Notes that the flow asks for something. Its outcome is told through `settle`, once: at once if it is there already.
   */
  open(asked: Asked): Command {
    const command: Command = { ...asked, settled: false, failedAttempts: 0 };
    const found = this.#found(command);
    if (found === undefined) this.#add(command);
    else this.#tell(command, found);
    return command;
  }

  #add(command: Command): void {
    this.#open.set(command.id, command);
    if (command.topic === "") return;
    const place = listensAt(command);
    const others = this.#listening.get(place);
    if (others === undefined) this.#listening.set(place, new Set([command]));
    else others.add(command);
  }

  #remove(command: Command): void {
    this.#open.delete(command.id);
    const place = listensAt(command);
    const listening = this.#listening.get(place);
    if (listening?.delete(command) && listening.size === 0) this.#listening.delete(place);
  }

  /** The commands that wait for an outcome, in the order in which the flow asked. */
  waiting(): Iterable<Command> {
    return this.#open.values();
  }

  get waitingCount(): number {
    return this.#open.size;
  }

  /** A command that waits for an outcome. */
  find(id: string): Command | undefined {
    return this.#open.get(id);
  }

  /** Lets the flow see one event of its history. */
  apply(event: RunEvent): Mismatch | undefined {
    switch (event.type) {
      case "StepCompleted":
        return this.#settle(event, ["step"], event.step, { type: "output", output: event.output });
      case "StepFailed":
        return this.#settle(event, ["step"], event.step, { type: "error", error: event.error });
      case "TimerFired":
        return this.#settle(event, ["timer", "receive"], event.timer, { type: "due" });
      case "ChildSubmitted":
        return this.#settle(event, ["child"], event.child, {
          type: "submitted",
          runId: event.runId,
        });
      case "StepAttemptFailed":
        return this.#match(event.type, ["step"], event.step, (command) => {
          command.failedAttempts = event.attempt;
          command.dueAt = event.retryAt;
        });
      case "StepStarted":
        return this.#match(event.type, ["step"], event.step, () => undefined);
      case "TimerSet":
        return this.#match(event.type, ["timer", "receive"], event.timer, (command) => {
          command.dueAt = event.fireAt;
        });
      case "InputFolded":
        return this.#fold(event.at, event.sequence, event.kind);
      case "CancelRequested":
        return this.#requestCancel(event.at);
      case "Activated":
      case "Released":
      case "Suspended":
      case "Annotated":
      case "Patched":
      case "Parked":
      case "Resumed":
      case "Completed":
      case "Failed":
      case "Crashed":
      case "Cancelled":
      case "Forked":
        return undefined;
      case "Archived":
        return { expected: "its history", asked: "nothing: it is in the archive", step: "" };
      case "Unknown":
        return { expected: "an event of a newer Millrace", asked: "nothing it could be", step: "" };
    }
  }

  /** What there is for a command before anything is done about it. */
  #found(command: Command): Outcome | undefined {
    if (this.#cancel === "requested" && !command.shielded) {
      this.#cancel = "told";
      return { type: "cancelled" };
    }
    if (command.kind === "receive") {
      const signal = this.#signals.get(command.topic)?.shift();
      return signal === undefined ? undefined : { type: "output", output: signal.payload };
    }
    if (command.kind !== "outcome") return undefined;
    const closed = this.#closed.get(command.topic);
    return closed === undefined ? undefined : { type: "closed", closed };
  }

  #fold(at: number, sequence: number, kind: string): Mismatch | undefined {
    // These say nothing to the flow, and a fork has no copy of them.
    if (kind === "cancel" || kind === "watch") {
      this.#now = Math.max(this.#now, at);
      return undefined;
    }
    const input = this.#inputOf(sequence);
    if (input === undefined) {
      const expected = `the ${kind} that the inbox held at ${sequence}`;
      return { expected, asked: "nothing: it is gone from the inbox", step: "inbox" };
    }
    this.#now = Math.max(this.#now, at);
    if (input.type === "Signal") this.#signal(input);
    else if (input.type === "RunClosed") this.#close(input);
    return undefined;
  }

  #signal(signal: SignalInput): void {
    const { name, payload } = signal;
    const [first] = this.#listening.get(listensAt({ kind: "receive", topic: name })) ?? [];
    if (first !== undefined) return this.#overtake(first, { type: "output", output: payload });
    const kept = this.#signals.get(name);
    if (kept === undefined) this.#signals.set(name, [signal]);
    else kept.push(signal);
  }

  #close(closed: RunClosedInput): void {
    this.#closed.set(closed.runId, closed);
    const place = listensAt({ kind: "outcome", topic: closed.runId });
    for (const command of this.#listening.get(place) ?? []) {
      this.#overtake(command, { type: "closed", closed });
    }
  }

  /** Tells the flow once, through all that it awaits and that is not shielded; or through what it asks for next. */
  #requestCancel(at: number): undefined {
    if (this.#cancel !== "none") return;
    this.#now = Math.max(this.#now, at);
    this.#cancel = "requested";
    for (const command of this.#open.values()) {
      if (command.shielded) continue;
      this.#cancel = "told";
      this.#overtake(command, { type: "cancelled" });
    }
  }

  #overtake(command: Command, outcome: Outcome): void {
    this.#overtaken.add(command.id);
    this.#remove(command);
    this.#tell(command, outcome);
  }

  #tell(command: Command, outcome: Outcome): void {
    command.settled = true;
    this.#settled.add(command.id);
    command.settle(outcome);
  }

  #settle(
    event: RunEvent,
    kinds: readonly CommandKind[],
    id: string,
    outcome: Outcome,
  ): Mismatch | undefined {
    return this.#match(event.type, kinds, id, (command) => {
      this.#remove(command);
      this.#now = Math.max(this.#now, event.at);
      this.#tell(command, outcome);
    });
  }

  #match(
    type: string,
    kinds: readonly CommandKind[],
    id: string,
    found: (command: Command) => void,
  ): Mismatch | undefined {
    const command = this.#open.get(id);
    if (command !== undefined && kinds.includes(command.kind)) {
      found(command);
      return undefined;
    }
    if (command === undefined && this.#overtaken.has(id)) return undefined;
    const expected = `${type} of ${kinds[0]} ${id}`;
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

function listensAt({ kind, topic }: Pick<Asked, "kind" | "topic">): string {
  return `${kind} ${topic}`;
}

export type CommandKind = "step" | "timer" | "receive" | "child" | "outcome";

/** What a flow asks for. */
export interface Asked {
  readonly kind: CommandKind;
  readonly id: string;
  /** The signal's name (`receive`) or the other run's id (`child`, `outcome`); otherwise empty. */
  readonly topic: string;
  /** A cancellation does not reach it. */
  readonly shielded: boolean;
  readonly settle: Settle;
}

/** Something a flow asked for, and how far it is. */
export interface Command extends Asked {
  settled: boolean;
  /** How many attempts the history holds as failed. */
  failedAttempts: number;
  /** When the timer fires or the next attempt is due, in milliseconds since 1970, if the history says so. */
  dueAt?: number;
}

/** How a command ended. */
export type Outcome =
  | { readonly type: "output"; readonly output: Payload }
  | { readonly type: "error"; readonly error: Payload }
  /** Its time has come: there is nothing to give. */
  | { readonly type: "due" }
  /** The child is recorded, as this run. */
  | { readonly type: "submitted"; readonly runId: string }
  | { readonly type: "closed"; readonly closed: RunClosedInput }
  /** The run is to stop: nobody waits for this any more. */
  | { readonly type: "cancelled" };

export type Settle = (outcome: Outcome) => void;

/** Where the flow's code and its history part: what the history holds, and what the flow asked for instead. */
export interface Mismatch {
  readonly expected: string;
  readonly asked: string;
  readonly step: string;
}
