import { ConnectionClosedError } from "../engine/usage-errors.ts";
import { type Clock, systemClock, type TimerPurpose } from "../ports/clock.ts";

/**
 * The way between a process and the broker: what is sent either way arrives later and in order. It models a process, too:
 * one that was stopped reads nothing and its timers wait, one that was killed is never heard of again.
 */
export class MemoryLink {
  /** The process's own clock: its timers wait while it is paused, and never run after a crash. */
  readonly clock: Clock;
  readonly #parts: LinkParts;
  readonly #toBroker = new Way();
  readonly #toProcess = new Way();
  readonly #open = new Set<(cause: Error) => void>();
  readonly #overdue: (() => void)[] = [];
  #state: LinkState = "running";

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.clock = {
      now: () => parts.clock.now(),
      after: (delayMs, call, purpose) => this.#after(delayMs, call, purpose),
    };
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Runs at the broker, once what was sent before has arrived. */
  send(atBroker: () => void): void {
    if (this.#state === "crashed" || this.#state === "closed") return;
    this.#toBroker.push(atBroker);
    if (this.#state !== "paused") this.#travel(this.#toBroker);
  }

  /** Runs in the process, once what was sent to it before has arrived. */
  receive(inProcess: () => void): void {
    if (this.#state === "crashed" || this.#state === "closed") return;
    this.#toProcess.push(inProcess);
    this.#travel(this.#toProcess);
  }

  /** Asks the broker and waits for the answer. `onLost` says what to answer when none can come any more. */
  ask<T>(atBroker: () => T | "unanswered", onLost: (cause: Error) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const lose = (cause: Error): void => {
        this.#open.delete(lose);
        try {
          resolve(onLost(cause));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (this.#state === "closed") return lose(new ConnectionClosedError("a call to the broker"));
      this.#open.add(lose);
      this.send(() => {
        const answer = atBroker();
        if (answer === "unanswered") return;
        this.receive(() => {
          if (this.#open.delete(lose)) resolve(answer);
        });
      });
    });
  }

  /** As if killed: nothing more leaves, nothing more arrives, no timer runs. */
  crash(): void {
    this.#state = "crashed";
    this.#toBroker.clear();
    this.#toProcess.clear();
    this.#overdue.length = 0;
  }

  /** As if stopped by a signal: what is on its way to the broker arrives; nothing else happens before `resume`. */
  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  /** Timers that are overdue run, then everything arrives that was queued, however stale. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    for (const call of this.#overdue.splice(0)) this.#parts.clock.after(0, call);
    for (const way of [this.#toBroker, this.#toProcess]) {
      for (let left = way.waiting; left > 0; left--) this.#travel(way);
    }
  }

  /** What is under way in both directions is lost, as when a connection breaks. */
  breakUp(): void {
    this.#toBroker.clear();
    this.#toProcess.clear();
    this.#loseOpen(new Error("The connection was lost"));
  }

  /** Takes nothing more; resolves when what was sent has arrived and is answered. */
  async close(): Promise<void> {
    if (this.#state === "crashed" || this.#state === "closed") return;
    await this.ask(
      () => undefined,
      () => undefined,
    );
    this.#state = "closed";
    this.#toProcess.clear();
    this.#loseOpen(new ConnectionClosedError("a call to the broker"));
  }

  #loseOpen(cause: Error): void {
    for (const lose of this.#open) lose(cause);
  }

  #travel(way: Way): void {
    way.waiting = Math.max(0, way.waiting - 1);
    const arrive = (): void => {
      if (way === this.#toProcess && this.#state === "paused") way.waiting++;
      else way.shift()?.();
    };
    const { clock, latencyMs } = this.#parts;
    // The machine's timers take a millisecond at least: without latency the next turn of the event loop will do.
    if (clock === systemClock && latencyMs === undefined) setImmediate(arrive);
    else clock.after(latencyMs?.() ?? 0, arrive);
  }

  #after(delayMs: number, call: () => void, purpose: TimerPurpose | undefined): () => void {
    let cancelled = false;
    const run = (): void => {
      if (cancelled || this.#state === "crashed") return;
      if (this.#state === "paused") this.#overdue.push(run);
      else call();
    };
    const cancel = this.#parts.clock.after(delayMs, run, purpose);
    return () => {
      cancelled = true;
      cancel();
    };
  }
}

export type LinkState = "running" | "paused" | "crashed" | "closed";

export interface LinkParts {
  readonly clock: Clock;
  /** How long one way takes. */
  readonly latencyMs: (() => number) | undefined;
}

/** One direction. Each arrival takes the oldest message, so that a slow one is never overtaken. */
class Way {
  #messages: (() => void)[] = [];
  /** Messages that have nobody under way to fetch them: they came while the process was paused. */
  waiting = 0;

  push(message: () => void): void {
    this.#messages.push(message);
    this.waiting++;
  }

  shift(): (() => void) | undefined {
    return this.#messages.shift();
  }

  clear(): void {
    this.#messages = [];
    this.waiting = 0;
  }
}
