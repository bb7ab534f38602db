import { onAbort } from "../../client/on-abort.ts";
import { RunHandle } from "../../client/run-handle.ts";
import { readSchedule } from "../../client/schedule-records.ts";
import { parseRunId } from "../../engine/run-id.ts";
import type { ScheduleRecord } from "../../engine/schedule-spec.ts";
import type { Clock } from "../../ports/clock.ts";
import { dueNoticeAt } from "../../wire/schedule-codec.ts";
import type { DueMessage, OnDue } from "../ingress/due-message.ts";
import { runSchedule, type ScheduleParts } from "./run-schedule.ts";

/**
 * Carries out the due messages of the flows that a worker serves. Each comes a little early and is held until its time; one that
 * fails is given back, so that somebody does it.
 */
export class DueSchedules {
  readonly #parts: DueParts;
  readonly #stop = new AbortController();
  /** What goes on now. */
  readonly #going = new Set<Promise<void>>();
  /** Schedules whose last run this worker waits for. */
  readonly #watched = new Set<string>();
  #held = 0;

  constructor(parts: DueParts) {
    this.#parts = parts;
  }

  readonly onDue: OnDue = (due) => this.#track(this.#carryOut(due));

  /** Holds nothing any more, and lets end what was begun. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#going);
  }

  async #carryOut({ schedule, delivery }: DueMessage): Promise<void> {
    const { log, clock, timers } = this.#parts;
    const leftMs = (dueNoticeAt(delivery.data) ?? 0) - clock.now();
    if (this.#stop.signal.aborted) return delivery.giveBack();
    // What does not fit in here comes again when it is due.
    if (leftMs > 0 && this.#held >= MOST_HELD) return delivery.giveBack(leftMs);
    const stopKeeping = every(timers, KEEP_EVERY_MS, () => delivery.keep());
    try {
      await this.#hold(Math.min(leftMs, LONGEST_HOLD_MS));
      if (this.#stop.signal.aborted) return delivery.giveBack();
      await runSchedule(this.#parts, schedule);
      await delivery.ack();
    } catch (error) {
      log.warn(
        { err: error, schedule },
        "A due schedule could not be carried out: it is tried again",
      );
      delivery.giveBack(AGAIN_MS);
      return;
    } finally {
      stopKeeping();
    }
    await this.#watch(schedule).catch((error: unknown) => {
      log.debug(
        { err: error, schedule },
        "The run before is not waited for: it is looked at in turn",
      );
    });
  }

  async #hold(ms: number): Promise<void> {
    if (ms <= 0) return;
    this.#held++;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.timers.after(ms, resolve);
      onAbort(this.#stop.signal, () => {
        cancel();
        resolve();
      });
    });
    this.#held--;
  }

  /** What waits for a run is also looked at by order, seldom: this is faster while this worker lives. */
  async #watch(schedule: string): Promise<void> {
    if (this.#watched.has(schedule) || this.#watched.size >= MOST_WATCHED) return;
    const { host } = this.#parts;
    const run = lastRunAwaited((await readSchedule(host.broker.control, schedule)).record);
    if (run === undefined) return;
    this.#watched.add(schedule);
    void this.#track(this.#drain(schedule, run).finally(() => this.#watched.delete(schedule)));
  }

  async #drain(schedule: string, first: string): Promise<void> {
    const { host } = this.#parts;
    const { signal } = this.#stop;
    for (let run: string | undefined = first; run !== undefined && !signal.aborted; ) {
      const ended = new RunHandle(host, parseRunId(run)).result({ signal });
      await ended.catch(() => undefined);
      if (signal.aborted) return;
      await runSchedule(this.#parts, schedule);
      const next = lastRunAwaited((await readSchedule(host.broker.control, schedule)).record);
      // Nothing came of it: the order that stands looks at it.
      if (next === run) return;
      run = next;
    }
  }

  async #track(work: Promise<void>): Promise<void> {
    const going = work.catch((error: unknown) => {
      this.#parts.log.warn({ err: error }, "A schedule's runs are not followed up");
    });
    this.#going.add(going);
    await going;
    this.#going.delete(going);
  }
}

export interface DueParts extends ScheduleParts {
  readonly timers: Clock;
}

/** The run that others of a schedule wait for. */
function lastRunAwaited(record: ScheduleRecord | undefined): string | undefined {
  const waits = (record?.waiting ?? []).length > 0 && record?.paused === undefined;
  return waits ? record?.lastRun : undefined;
}

/** Of a consumer's room: what holds nothing up has to get through beside them. */
const MOST_HELD = 128;
const MOST_WATCHED = 1_000;
/** They come a second early. More would be another clock's. */
const LONGEST_HOLD_MS = 2_000;
const KEEP_EVERY_MS = 3_000;
const AGAIN_MS = 1_000;

function every(clock: Clock, ms: number, call: () => void): () => void {
  let cancel: (() => void) | undefined;
  const arm = (): void => {
    cancel = clock.after(
      ms,
      () => {
        call();
        arm();
      },
      "upkeep",
    );
  };
  arm();
  return () => cancel?.();
}
