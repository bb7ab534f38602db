/**
 * Takes what a flow asks for in a replay, and notes it. Nothing is done about it: what could be done (`StepEffects`) is not
 * here, and a step's function cannot be had without it.
 */
import type { EventPlace } from "../engine/event-address.ts";
import type { Command, Outcome } from "../engine/journal.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { BEFORE_ALL, commandOf, type PlacedEvent } from "../history/resolve-address.ts";
import type { CommandName, CommandTaker } from "../worker/flow-host.ts";
import { capturePlace, type SourcePlace } from "../worker/user-place.ts";
import type { ReplayedPatch } from "./replay-result.ts";
import type { ReplayedCommand } from "./replayed-command.ts";

export class CommandLog implements CommandTaker {
  /** What the flow was told of places where its code was changed, in order. */
  readonly patches: ReplayedPatch[] = [];
  readonly #named = new Map<string, () => SourcePlace | undefined>();
  readonly #byId = new Map<string, NotedCommand>();
  readonly #all: NotedCommand[] = [];
  /** The event that brought something that nobody had asked for yet. */
  readonly #brought = new Map<object, PlacedEvent>();
  /** Signals that the flow has not received, by what they say. */
  readonly #signals = new Map<object, string>();
  readonly #hasPlaces: boolean;
  #shown: PlacedEvent | undefined;
  #cancelled: PlacedEvent | undefined;

  /** `hasPlaces`: whether to note which code asks, which takes most of the time of a replay. */
  constructor(hasPlaces: boolean) {
    this.#hasPlaces = hasPlaces;
  }

  /** What the flow has asked for so far, in order. */
  get all(): readonly ReplayedCommand[] {
    return this.#all;
  }

  /** The event that the flow was shown last. */
  get shown(): EventPlace {
    return this.#shown?.place ?? BEFORE_ALL;
  }

  /** True when the flow was told the outcome of the step of this id, or of the first one of this name. */
  isAnswered(step: string): boolean {
    const noted = this.#byId.get(step) ?? this.#byId.get(`${step}#1`);
    return noted?.answeredBy !== undefined;
  }

  /** Names of signals that the flow was shown and did not receive. */
  get unreceived(): readonly string[] {
    return [...this.#signals.values()];
  }

  /** The flow is about to be shown an event; `brings`: what an input says that the flow may ask for later. */
  show(placed: PlacedEvent, brings: object | undefined): void {
    this.#shown = placed;
    const { event } = placed;
    if (brings !== undefined && event.type === "InputFolded" && event.kind === "signal") {
      this.#signals.set(brings, event.name);
    }
    if (brings !== undefined) this.#brought.set(brings, placed);
    if (placed.event.type === "CancelRequested") this.#cancelled ??= placed;
    this.#commandOf(placed.event)?.events.push(placed);
  }

  naming(id: string): void {
    if (this.#hasPlaces) this.#named.set(id, capturePlace());
  }

  patched(patch: string, isNew: boolean): void {
    if (!this.patches.some((told) => told.patch === patch)) this.patches.push({ patch, isNew });
  }

  step(): void {
    // Nothing is prepared: it is never executed.
  }

  timer(): void {
    // Nothing is set: only the history says that its time has come.
  }

  child(): void {
    // Nothing is submitted.
  }

  asked({ kind, id, topic, shielded }: Command): void {
    // It may have been told at once, and is noted then.
    if (!this.#byId.has(id)) this.#note({ kind, id, topic }, shielded);
    else this.#byId.get(id)?.setShielded(shielded);
  }

  settled(asked: CommandName, outcome: Outcome): void {
    const noted = this.#byId.get(asked.id) ?? this.#note(asked, false);
    noted.outcome = outcome;
    const answeredBy = this.#bringerOf(outcome);
    if (answeredBy === undefined) return;
    noted.answeredBy = answeredBy;
    if (!noted.events.includes(answeredBy)) noted.events.push(answeredBy);
  }

  #note({ kind, id, topic }: CommandName, shielded: boolean): NotedCommand {
    const lookUp = this.#named.get(id) ?? (this.#hasPlaces ? capturePlace() : nowhere);
    this.#named.delete(id);
    const noted = new NotedCommand({ kind, id, topic, askedAfter: this.shown }, lookUp);
    noted.setShielded(shielded);
    this.#all.push(noted);
    this.#byId.set(id, noted);
    return noted;
  }

  #commandOf(event: RunEvent): NotedCommand | undefined {
    const id = commandOf(event);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  #bringerOf(outcome: Outcome): PlacedEvent | undefined {
    switch (outcome.type) {
      case "output":
        this.#signals.delete(outcome.output);
        return this.#brought.get(outcome.output) ?? this.#shown;
      case "closed":
        return this.#brought.get(outcome.closed) ?? this.#shown;
      case "cancelled":
        return this.#cancelled ?? this.#shown;
      case "error":
      case "due":
      case "submitted":
        return this.#shown;
    }
  }
}

function nowhere(): undefined {
  return undefined;
}

class NotedCommand implements ReplayedCommand {
  readonly kind: ReplayedCommand["kind"];
  readonly id: string;
  readonly topic: string;
  readonly askedAfter: EventPlace;
  readonly events: PlacedEvent[] = [];
  shielded = false;
  declare answeredBy?: PlacedEvent;
  declare outcome?: Outcome;
  readonly #lookUp: () => SourcePlace | undefined;
  #place: { readonly found: SourcePlace | undefined } | undefined;

  constructor(
    asked: CommandName & Pick<ReplayedCommand, "askedAfter">,
    lookUp: () => SourcePlace | undefined,
  ) {
    this.kind = asked.kind;
    this.id = asked.id;
    this.topic = asked.topic;
    this.askedAfter = asked.askedAfter;
    this.#lookUp = lookUp;
  }

  get place(): SourcePlace | undefined {
    this.#place ??= { found: this.#lookUp() };
    return this.#place.found;
  }

  setShielded(shielded: boolean): void {
    this.shielded = shielded;
  }
}
