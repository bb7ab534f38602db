/**
 * Which event may follow which: somebody holds the run when something happens in it, a closed run is only gone on with by hand,
 * and what a step, timer or child came to is recorded once (I3). Attempts never go back (I8).
 */
import type { RunEvent } from "../../engine/run-event.ts";
import type { Flaw } from "../flaw.ts";
import { commandOf } from "../resolve-address.ts";

export class EventRules {
  readonly #flaws: Flaw[] = [];
  readonly #commands = new Map<string, CommandFacts>();
  /** What the last event that took or gave up the run was; nothing before the first. */
  #last: Turn | undefined;
  /** How many events there were. */
  #count = 0;
  /** Something is missing before: who holds the run is not known. */
  #unsure = false;

  get flaws(): readonly Flaw[] {
    return this.#flaws;
  }

  /** Frames are missing here. */
  gap(): void {
    this.#unsure = true;
  }

  add(event: RunEvent, sequence: number): void {
    this.#count++;
    if (event.type === "Unknown") {
      const sentence = `Frame ${sequence} holds an event of a newer Millrace: whether it is right cannot be seen here.`;
      this.#flaws.push({ kind: "newer-version", sequence, sentence });
      this.#unsure = true;
      return;
    }
    this.#checkTurn(event, sequence);
    if (event.type === "Resumed") this.#void(event.retry);
    else this.#checkCommand(event, sequence);
  }

  #checkTurn(event: Exclude<RunEvent, { type: "Unknown" }>, sequence: number): void {
    const before = this.#last;
    if (!this.#unsure && !mayFollow(event, before)) {
      const follows = before === undefined ? "begins the history" : `follows ${before}`;
      const isEnd = before !== undefined && ENDS.has(before);
      const kind = isEnd ? "after-close" : "illegal-event";
      this.#tell(kind, sequence, `${event.type} ${follows}, and cannot`);
    }
    if (isTurn(event.type)) {
      this.#last = event.type;
      this.#unsure = false;
    }
  }

  #checkCommand(event: RunEvent, sequence: number): void {
    const id = commandOf(event);
    if (id === undefined) return;
    const key = `${kindOf(event)} ${id}`;
    const facts = this.#commands.get(key) ?? { failed: 0, since: this.#count };
    this.#commands.set(key, facts);
    if (facts.over !== undefined) {
      const isOutcome = OUTCOMES.has(event.type);
      const kind = isOutcome ? "second-outcome" : "illegal-event";
      this.#tell(
        kind,
        sequence,
        `${event.type} of ${key} comes after frame ${facts.over} with its outcome`,
      );
    }
    if ("attempt" in event) {
      if (event.attempt < Math.max(1, facts.failed)) {
        const sure = `attempt ${facts.failed} has failed already`;
        this.#tell(
          "illegal-event",
          sequence,
          `${event.type} of ${key} is of attempt ${event.attempt}, and ${sure}`,
        );
      }
      if (event.type === "StepAttemptFailed") facts.failed = event.attempt;
    }
    if (event.type === "TimerSet") facts.isSet = true;
    if (event.type === "TimerFired" && facts.isSet !== true && !this.#unsure) {
      this.#tell("illegal-event", sequence, `${key} fires and was never set`);
    }
    if (OUTCOMES.has(event.type)) {
      facts.over ??= sequence;
      facts.overAt = this.#count;
    }
  }

  /** The failures that no longer count, and what was recorded because of them: it may come again. */
  #void(retry: readonly string[]): void {
    for (const step of retry) {
      const failed = this.#commands.get(`step ${step}`);
      if (failed === undefined) continue;
      const from = failed.overAt ?? this.#count;
      for (const [key, { since }] of this.#commands) {
        if (since >= from) this.#commands.delete(key);
      }
      for (const facts of this.#commands.values()) {
        if ((facts.overAt ?? 0) >= from) {
          delete facts.over;
          delete facts.overAt;
        }
      }
      this.#commands.delete(`step ${step}`);
    }
  }

  #tell(kind: Flaw["kind"], sequence: number, what: string): void {
    this.#flaws.push({ kind, sequence, sentence: `Frame ${sequence}: ${what}.` });
  }
}

/** What is known of a step, timer or child. */
interface CommandFacts {
  /** The last attempt that failed. */
  failed: number;
  /** Which event spoke of it first. */
  readonly since: number;
  isSet?: boolean;
  /** The frame with its outcome, and which event that was. */
  over?: number;
  overAt?: number;
}

function kindOf({ type }: RunEvent): string {
  if (type.startsWith("Timer")) return "timer";
  return type === "ChildSubmitted" ? "child" : "step";
}

const OUTCOMES: ReadonlySet<RunEvent["type"]> = new Set([
  "StepCompleted",
  "StepFailed",
  "TimerFired",
  "ChildSubmitted",
]);

/** Events by which a run is taken, given up, or moved. */
type Turn =
  | "Activated"
  | "Suspended"
  | "Released"
  | "Parked"
  | "Completed"
  | "Failed"
  | "Crashed"
  | "Cancelled"
  | "Forked"
  | "Archived";

const TURNS: ReadonlySet<string> = new Set<Turn>([
  "Activated",
  "Suspended",
  "Released",
  "Parked",
  "Completed",
  "Failed",
  "Crashed",
  "Cancelled",
  "Forked",
  "Archived",
]);

const ENDS: ReadonlySet<string> = new Set<Turn>(["Completed", "Failed", "Crashed", "Cancelled"]);

function isTurn(type: RunEvent["type"]): type is Turn {
  return TURNS.has(type);
}

function mayFollow(event: RunEvent, before: Turn | undefined): boolean {
  const { type } = event;
  switch (before) {
    case undefined:
      // Closed or imported before anybody took it up, or forked from such a run, which has nothing to be copied.
      return isOneOf(type, ["Activated", "Cancelled", "Archived", "Forked"]) || isImport(event);
    case "Activated":
      return type !== "Activated" || event.reason === "takeover";
    case "Archived":
      return type === "Annotated" || ENDS.has(type);
    case "Completed":
    case "Cancelled":
      return false;
    case "Failed":
    case "Crashed":
      return type === "Activated" && event.reason === "resumed";
    case "Suspended":
    case "Released":
    case "Parked":
    case "Forked":
      return isOneOf(type, ["Activated", "Cancelled", "Forked"]) || isImport(event);
  }
}

function isImport(event: RunEvent): boolean {
  return event.type === "Parked" && event.reason === "imported";
}

function isOneOf(type: RunEvent["type"], types: readonly RunEvent["type"][]): boolean {
  return types.includes(type);
}
