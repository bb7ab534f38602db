/**
 * The clock of a test engine: time that goes on by itself, in jumps, and only while the test waits for something.
 *
 * - What is due now always runs, one timer after the other, each after all that the one before it set going has come to rest.
 * - Time moves only when somebody waits (`during`, `advance`), and nothing really goes on: no step's function is under way.
 * - A jump leads to the next timer that matters. Of upkeep that falls into it one round runs, just before its end.
 * - A step that is slower than a second gets time at the machine's pace, so that its time-out ends one that hangs; and `advance`
 *   waits for it no longer.
 */
import { AsyncResource } from "node:async_hooks";
import type { Clock, TimerPurpose } from "../../ports/clock.ts";
import { TimerLine } from "../timer-line.ts";
import { drainPromises, realNow, realPause, settle } from "./real-time.ts";
import type { RealWork } from "./real-work.ts";

export class VirtualClock implements Clock {
  readonly #work: RealWork;
  readonly #skips: boolean;
  readonly #timers = new TimerLine();
  readonly #upkeep = new TimerLine();
  readonly #waits = new Set<Wait>();
  /** Moves that were asked for: where they lead, and who waits for it. */
  readonly #moves = new TimerLine();
  /** A timer may be made by flow code; what it sets going is none. */
  readonly #scope = new AsyncResource("millrace test clock");
  #now: number;
  #isGoing = false;
  #isStopped = false;
  /** Since when steps have been going on without a change, by the machine's clock, and how much of that time has passed here. */
  #busy: { readonly since: number; given: number; readonly change: Promise<void> } | undefined;
  /** How much time has passed since anything but upkeep was due. */
  #idleMs = 0;
  /** How many timers have run since time moved. */
  #atOnce = 0;

  constructor({ startMs, skips, work }: VirtualClockOptions) {
    this.#now = startMs;
    this.#skips = skips;
    this.#work = work;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void, purpose?: TimerPurpose): () => void {
    const line = purpose === "upkeep" ? this.#upkeep : this.#timers;
    const takeBack = line.add(this.#now + Math.max(0, delayMs), call);
    this.#goOn();
    return takeBack;
  }

  /** Moves on by exactly so much. Resolves when all that came due has come to rest. */
  advance(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#moves.add(this.#now + ms, resolve);
      this.#goOn();
    });
  }

  /**
   * Waits for the promise, and lets time go on meanwhile. `stuck` makes the error when nothing happens by itself any more.
   * @throws what the promise rejects with, or what `stuck` gives.
   */
  during<T>(promise: Promise<T>, stuck: Stuck): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait: Wait = { stuck, reject, jumps: 0 };
      this.#waits.add(wait);
      this.#idleMs = 0;
      promise.finally(() => this.#waits.delete(wait)).then(resolve, reject);
      this.#goOn();
    });
  }

  /** Nothing is due any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #goOn(): void {
    if (this.#isGoing || this.#isStopped) return;
    this.#isGoing = true;
    void this.#scope.runInAsyncScope(() => this.#go());
  }

  async #go(): Promise<void> {
    while (!this.#isStopped) {
      await settle();
      if ((await this.#runDue()) || this.#endMove()) continue;
      if (this.#waits.size === 0 && this.#moves.nextDueAt === undefined) break;
      await this.#letPass();
    }
    this.#isGoing = false;
  }

  /** Runs what is due: all that is to happen anyhow, or one round of upkeep. */
  async #runDue(): Promise<boolean> {
    const first = this.#timers.takeDue(this.#now) ?? this.#upkeep.takeDue(this.#now);
    for (let timer = first; timer !== undefined; timer = this.#timers.takeDue(this.#now)) {
      timer.call();
      await drainPromises();
      if (++this.#atOnce > MOST_AT_ONCE)
        for (const wait of this.#waits) this.#giveUp(wait, "never ends");
    }
    return first !== undefined;
  }

  #endMove(): boolean {
    const move = this.#isHeldUp ? undefined : this.#moves.takeDue(this.#now);
    move?.call();
    return move !== undefined;
  }

  async #letPass(): Promise<void> {
    this.#atOnce = 0;
    if (this.#isHeldUp) return this.#letWork();
    if (this.#work.going === 0) this.#busy = undefined;
    const isAsked = this.#moves.nextDueAt !== undefined;
    const next = this.#skips || isAsked ? this.#nextDueAt : undefined;
    if (next === undefined) return this.#rest();
    this.#idleMs = 0;
    for (const wait of this.#waits) this.#countJump(wait);
    this.#jump(next);
  }

  /** Moves to a time, and before it to where upkeep is done that would have been by then. */
  #jump(next: number): void {
    const before = next - 1;
    const isUpkeepDue = (this.#upkeep.nextDueAt ?? Number.POSITIVE_INFINITY) <= before;
    this.#now = isUpkeepDue && before > this.#now ? before : next;
  }

  get #nextDueAt(): number | undefined {
    const next = Math.min(
      this.#timers.nextDueAt ?? Number.POSITIVE_INFINITY,
      this.#moves.nextDueAt ?? Number.POSITIVE_INFINITY,
    );
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** True while steps work, unless the test wants to move on and they take long. */
  get #isHeldUp(): boolean {
    if (this.#work.going === 0) return false;
    const isSlow =
      this.#busy?.change === this.#work.changed && realNow() - this.#busy.since > STILL_MS;
    return !(isSlow && this.#moves.nextDueAt !== undefined);
  }

  /** Time stands still while steps work, unless they take long. */
  async #letWork(): Promise<void> {
    const { changed } = this.#work;
    if (this.#busy?.change !== changed) {
      this.#busy = { since: realNow(), given: 0, change: changed };
    }
    await realPause(PACE_MS, changed);
    const passed = Math.floor(realNow() - this.#busy.since - STILL_MS);
    if (this.#work.changed !== changed || passed <= this.#busy.given) return;
    const next = this.#now + passed - this.#busy.given;
    this.#busy.given = passed;
    // What comes due meanwhile runs at its own time, late by as little as the machine's own timers are.
    this.#now = Math.min(next, Math.max(this.#now, this.#timers.nextDueAt ?? next));
  }

  /** Nothing is to come but upkeep: that may mend something. If it does not, and the test does nothing, it waits in vain. */
  async #rest(): Promise<void> {
    const upkeep = this.#upkeep.nextDueAt;
    if (this.#skips && upkeep !== undefined && this.#idleMs < UPKEEP_MS) {
      this.#idleMs += upkeep - this.#now;
      this.#now = Math.max(this.#now, upkeep);
      return;
    }
    const { changed } = this.#work;
    const before = [...this.#waits];
    const isSame = (): boolean =>
      this.#waits.size === before.length &&
      this.#work.changed === changed &&
      this.#moves.nextDueAt === undefined &&
      (this.#timers.nextDueAt ?? Number.POSITIVE_INFINITY) > this.#now;
    // Counted in looks: a process that was stopped for a while has let the test do nothing.
    for (let look = 0; look < LOOKS; look++) {
      await realPause(LOOK_MS, changed);
      if (!isSame() || this.#isStopped) return;
    }
    for (const wait of before) this.#giveUp(wait, "nothing happens");
  }

  #countJump(wait: Wait): void {
    if (++wait.jumps > MOST_JUMPS) this.#giveUp(wait, "never ends");
  }

  #giveUp(wait: Wait, why: StuckReason): void {
    this.#waits.delete(wait);
    const { nextDueAt } = this.#timers;
    wait.stuck({ why, nextDueAt }).then(wait.reject, wait.reject);
  }
}

export interface VirtualClockOptions {
  /** In milliseconds since 1970. */
  readonly startMs: number;
  /** False: time moves by `advance` only. */
  readonly skips: boolean;
  readonly work: RealWork;
}

/** Makes the error of a wait that is given up. */
export type Stuck = (where: {
  readonly why: StuckReason;
  /** The next timer, where time is not skipped. */
  readonly nextDueAt: number | undefined;
}) => Promise<Error>;

export type StuckReason = "nothing happens" | "never ends";

interface Wait {
  readonly stuck: Stuck;
  readonly reject: (error: unknown) => void;
  jumps: number;
}

/** By the machine's clock: as long as steps work in this time, none passes. */
const STILL_MS = 1_000;
const PACE_MS = 20;
/** By the machine's clock, a second in all: so long the test may do something else before a wait is given up. */
const LOOK_MS = 20;
const LOOKS = 50;
/** By this clock: what was lost is looked up within that. */
const UPKEEP_MS = 60_000;
/** Timers that run without time passing. */
const MOST_AT_ONCE = 1_000_000;
/** Of one wait: a flow that wakes every five minutes for half a year. */
const MOST_JUMPS = 50_000;
