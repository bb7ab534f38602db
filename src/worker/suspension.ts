/**
 * When a run only waits, and how it is given up then: its wake-up is ordered first, then `Suspended` is recorded. If it turns
 * out meanwhile that the run goes on, one more wake does no harm.
 */

import type { Journal } from "../engine/journal.ts";
import type { RunEventBody } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import { START_TIMER } from "../engine/step-id.ts";
import { inputBytes } from "../history/put-input.ts";
import type { ActivationHost, IdleRun } from "./activation-parts.ts";
import type { RunTimers } from "./run-timers.ts";
import { earliestDue, waitsOf } from "./waits.ts";

export class Suspension implements IdleRun {
  readonly #parts: SuspensionParts;
  #isIdle = false;
  #isOrdering = false;

  constructor(parts: SuspensionParts) {
    this.#parts = parts;
  }

  /** True when its delayed start is all that the run waits for. */
  get isScheduled(): boolean {
    const { journal } = this.#parts;
    return journal.waitingCount === 1 && journal.find(START_TIMER) !== undefined;
  }

  /** The run does something: it waits no more. */
  busy(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#parts.host.idle.delete(this);
    this.#parts.timers.cancel(IDLE);
  }

  /** The run may wait from now on: if so it leaves this worker after a while. */
  idle(): void {
    if (this.#isIdle || !this.#isWaiting) return;
    this.#isIdle = true;
    const { host, timers, holdsSlot } = this.#parts;
    host.idle.add(this);
    const isAtOnce = this.isScheduled || holdsSlot();
    timers.after(IDLE, isAtOnce ? 0 : host.suspendAfterMs, () => this.suspend());
  }

  suspend(): void {
    if (this.#isOrdering) return;
    // Something is on its way: when it has come, the run may be idle again.
    if (!this.#isWaiting) return this.busy();
    this.#isOrdering = true;
    this.#suspend()
      .catch((error: unknown) => this.#parts.onDefect(error))
      .finally(() => {
        this.#isOrdering = false;
      });
  }

  async #suspend(): Promise<void> {
    const { journal, record } = this.#parts;
    const dueAt = this.#dueAt;
    const wakeAt = dueAt === undefined ? 0 : dueAt - WAKE_EARLY_MS;
    if (dueAt !== undefined) {
      // Not worth it: it is due before long.
      if (wakeAt - this.#parts.host.clock.now() < WAKE_EARLY_MS) return;
      const isOrdered = await this.#order(wakeAt);
      if (!isOrdered || !this.#isWaiting || this.#dueAt !== dueAt) {
        // The broker is away, or the run went on meanwhile: what it waits for now may be due sooner.
        this.busy();
        return this.idle();
      }
    }
    const waits = waitsOf(journal.waiting());
    this.busy();
    record({ type: "Suspended", wakeAt, waits });
  }

  async #order(wakeAt: number): Promise<boolean> {
    const { host, run, queue, epoch } = this.#parts;
    // It says as little as it can: it is stored for each run that sleeps. An activation is suspended once.
    const wake = { type: "Wake", replaces: [], resume: false, queue: "" } as const;
    const input = inputBytes(host.clock, wake, `w${epoch}`);
    try {
      await host.broker.log.wakeAt(run, queue, { number: epoch, time: wakeAt }, input);
      return true;
    } catch {
      return false;
    }
  }

  /** True when the flow awaits nothing but time, signals and other runs, and all that is recorded. */
  get #isWaiting(): boolean {
    const { journal, isQuiet } = this.#parts;
    if (!isQuiet() || journal.waitingCount === 0) return false;
    for (const { kind, dueAt } of journal.waiting()) {
      if (kind === "child" || (kind === "step" && dueAt === undefined)) return false;
    }
    return true;
  }

  /** When the first thing that the run waits for is due. */
  get #dueAt(): number | undefined {
    return earliestDue(this.#parts.journal.waiting(), this.#parts.deadlineAt());
  }
}

export interface SuspensionParts {
  readonly host: Pick<ActivationHost, "broker" | "clock" | "idle" | "suspendAfterMs">;
  readonly run: RunRef;
  readonly queue: string;
  /** Number of the activation. */
  readonly epoch: number;
  readonly journal: Journal;
  readonly timers: RunTimers;
  /** True when nothing is going on, on its way, or to be published. */
  readonly isQuiet: () => boolean;
  /** True when others may wait for the run's slot: it does not keep it while it waits. */
  readonly holdsSlot: () => boolean;
  /** In milliseconds since 1970; 0 for never. A deadline says nothing more to a run that is to stop already. */
  readonly deadlineAt: () => number;
  /** Records that the run is given up. Nothing else is recorded from then on. */
  readonly record: (body: RunEventBody) => void;
  readonly onDefect: (error: unknown) => void;
}

const IDLE = "@idle";

/** The broker's schedules are late by up to a second; the worker fires the timer itself, on time. */
const WAKE_EARLY_MS = 1_500;
