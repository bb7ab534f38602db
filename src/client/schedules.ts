import { parseScheduleSpec } from "../definition/parse-schedule-spec.ts";
import type { Schedule, ScheduleRules, ScheduleTimes } from "../definition/schedule.ts";
import { checkToken } from "../engine/names.ts";
import { RunExistsError } from "../engine/run-errors.ts";
import { SCHEDULE_DUE, SCHEDULE_NAME, scheduledKey } from "../engine/schedule-keys.ts";
import type { ScheduleRecord, ScheduleSpec } from "../engine/schedule-spec.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { between } from "../expressions/cron.ts";
import type { ClientHost } from "./client-host.ts";
import { declareSchedule, firstAfter } from "./declare-schedule.ts";
import { Patience } from "./patience.ts";
import type { RunHandle } from "./run-handle.ts";
import { ScheduleNotFoundError } from "./schedule-errors.ts";
import { changeSchedule, listSchedules, readSchedule } from "./schedule-records.ts";
import { submit } from "./submit.ts";

/** The schedules of a namespace. Workers carry them out: those that serve the flow that is submitted. */
export class Schedules {
  readonly #host: ClientHost;

  constructor(host: ClientHost) {
    this.#host = host;
  }

  /** All of them, by name. May be behind by an instant. */
  async list(): Promise<readonly ScheduleView[]> {
    return (await listSchedules(this.#host.broker.control)).map(viewOf);
  }

  /** @throws {@link ScheduleNotFoundError}, {@link InvalidNameError} */
  async get(name: string): Promise<ScheduleView> {
    return viewOf(await this.#record(name));
  }

  /**
   * Makes a schedule, or changes the one of this name. Resolves when it is durable; the same again changes nothing. A paused
   * one stays paused. One that stands in code is put again as it stands there when a worker with that code starts.
   * @throws {@link InvalidOptionError}, {@link InvalidNameError} or {@link InvalidDurationError} that names the field.
   */
  async put(schedule: Schedule | ScheduleJson | ScheduleSpec): Promise<ScheduleView> {
    const isMade = "kind" in schedule && "spec" in schedule;
    const spec = parseScheduleSpec(isMade ? schedule.spec : schedule);
    return viewOf(await declareSchedule(this.#host, spec, "api", await this.#brokerNow()));
  }

  /**
   * Removes a schedule. Its runs stay. One that stands in code is there again when a worker with that code starts: pause it.
   * @throws {@link ScheduleNotFoundError}
   */
  async remove(name: string): Promise<void> {
    checkToken("A schedule's name", name);
    let isThere = false;
    await changeSchedule(this.#host, name, (record) => {
      // Gone when it is looked at again: by us, with the answer lost.
      if (record === undefined && !isThere) throw new ScheduleNotFoundError(name);
      isThere = true;
      return undefined;
    });
  }

  /** Nothing is submitted any more until it is resumed. Its runs go on. @throws {@link ScheduleNotFoundError} */
  async pause(name: string, reason = ""): Promise<ScheduleView> {
    const at = this.#host.clock.now();
    return this.#changed(name, (record) =>
      record.paused === undefined ? { ...record, paused: { reason, at } } : record,
    );
  }

  /** It goes on from now: what was due while it was paused is left out. @throws {@link ScheduleNotFoundError} */
  async resume(name: string): Promise<ScheduleView> {
    const now = await this.#brokerNow();
    return this.#changed(name, (record) => {
      if (record.paused === undefined) return record;
      const { paused: _, ...running } = record;
      return { ...running, nextAt: firstAfter(record.spec, now) };
    });
  }

  /** Its next due times, 1 to 1,000 of them, paused or not. @throws {@link ScheduleNotFoundError} */
  async next(name: string, count = 10): Promise<readonly Date[]> {
    checkCount("count", count);
    const { spec, nextAt, paused } = await this.#record(name);
    const from = paused === undefined ? nextAt : Math.max(nextAt, this.#host.clock.now());
    return between(spec.timing, from, Number.POSITIVE_INFINITY, count).map((at) => new Date(at));
  }

  /**
   * Submits a run for each due time from `from` on and before `to`: those that have one are left as they are. Overlap, jitter
   * and pause do not count here. Safe to repeat.
   * @throws {@link InvalidOptionError} when there are more than `limit`, before anything is submitted;
   * {@link ScheduleNotFoundError}
   */
  async backfill(name: string, options: BackfillOptions): Promise<readonly BackfilledRun[]> {
    const { limit = 100 } = options;
    checkCount("limit", limit);
    const [from, to] = [timeOf("from", options.from), timeOf("to", options.to)];
    if (to <= from) throw new InvalidOptionError("to", options.to, "it has to be after from");
    const { spec } = await this.#record(name);
    const times = between(spec.timing, from, to, limit + 1);
    if (times.length > limit) {
      const next = "choose a shorter window, or a higher limit (up to 1,000)";
      throw new InvalidOptionError("limit", limit, `more than that are due in between: ${next}`);
    }
    const runs: BackfilledRun[] = [];
    for (const dueAt of times) runs.push(await this.#backfillOne(spec, dueAt));
    return runs;
  }

  /**
   * Submits a run now, beside all that is due: its key is no due time's, and overlap, jitter and pause do not count. With a key
   * it is safe to repeat.
   * @throws {@link ScheduleNotFoundError}
   */
  async trigger(name: string, options: { readonly key?: string } = {}): Promise<RunHandle> {
    const { spec } = await this.#record(name);
    const now = this.#host.clock.now();
    const key = options.key ?? `${name}-now-${sortableId(now, Math.random)}`;
    return await submit(this.#host, spec.flow, spec.input, {
      ...optionsOfRun(spec, now),
      key,
    });
  }

  /** Due times are the broker's: by a clock that is wrong the first ones would be left out, or be there already. */
  #brokerNow(): Promise<number> {
    return new Patience(this.#host, GIVE_UP_MS).ask(() => this.#host.broker.bus.now());
  }

  async #backfillOne(spec: ScheduleSpec, dueAt: number): Promise<BackfilledRun> {
    const key = scheduledKey(spec.name, dueAt);
    const options = { ...optionsOfRun(spec, dueAt), key, ifExists: "reject" } as const;
    try {
      const { id } = await submit(this.#host, spec.flow, spec.input, options);
      return { dueAt: new Date(dueAt), run: id, isNew: true };
    } catch (error) {
      if (!(error instanceof RunExistsError)) throw error;
      return { dueAt: new Date(dueAt), run: `${spec.flow}:${key}`, isNew: false };
    }
  }

  async #record(name: string): Promise<ScheduleRecord> {
    checkToken("A schedule's name", name);
    const { record } = await readSchedule(this.#host.broker.control, name);
    if (record === undefined) throw new ScheduleNotFoundError(name);
    return record;
  }

  async #changed(
    name: string,
    change: (record: ScheduleRecord) => ScheduleRecord,
  ): Promise<ScheduleView> {
    checkToken("A schedule's name", name);
    const changed = await changeSchedule(this.#host, name, (record) => {
      if (record === undefined) throw new ScheduleNotFoundError(name);
      return change(record);
    });
    if (changed === undefined) throw new ScheduleNotFoundError(name);
    return viewOf(changed);
  }
}

/** A schedule as it is written by hand: the words of `schedule()`, with the flow by its name. */
export type ScheduleJson = ScheduleTimes &
  ScheduleRules & {
    readonly name: string;
    readonly flow: string;
    /** Plain JSON. */
    readonly input?: unknown;
  };

/** A schedule as it stands. */
export interface ScheduleView {
  readonly name: string;
  readonly spec: ScheduleSpec;
  /** 1 for the first; one more for each change of the spec. */
  readonly version: number;
  /** `code`: a worker brought it along. */
  readonly from: "code" | "api";
  readonly paused: { readonly reason: string; readonly at: Date } | undefined;
  readonly createdAt: Date;
  readonly changedAt: Date;
  /** When it is due next, before jitter. In the past when nobody serves its flow, or just now. */
  readonly nextAt: Date;
  /** The last run that was submitted in its turn. */
  readonly lastRun: string | undefined;
  readonly lastDueAt: Date | undefined;
  /** Due times that wait for the run before to end. */
  readonly waiting: readonly Date[];
}

export interface BackfillOptions {
  /** The first time that counts: a `Date` or milliseconds since 1970. */
  readonly from: Date | number;
  /** The first time that does not count any more. */
  readonly to: Date | number;
  /** Most runs, 1 to 1,000. Default 100. */
  readonly limit?: number;
}

export interface BackfilledRun {
  readonly dueAt: Date;
  /** Its id. */
  readonly run: string;
  /** False when the due time had a run already. */
  readonly isNew: boolean;
}

/** What a schedule's runs are submitted with, but for their key. */
export function optionsOfRun(spec: ScheduleSpec, dueAt: number) {
  const { name, tags = [], queue } = spec;
  return {
    tags: [...tags, `schedule:${name}`],
    metadata: { [SCHEDULE_NAME]: name, [SCHEDULE_DUE]: new Date(dueAt).toISOString() },
    ...(queue === undefined ? {} : { queue }),
  };
}

function viewOf(record: ScheduleRecord): ScheduleView {
  const { spec, version, from, paused, createdAt, changedAt, nextAt, lastRun, lastDueAt } = record;
  return {
    name: spec.name,
    spec,
    version,
    from,
    paused: paused && { reason: paused.reason, at: new Date(paused.at) },
    createdAt: new Date(createdAt),
    changedAt: new Date(changedAt),
    nextAt: new Date(nextAt),
    lastRun,
    lastDueAt: lastDueAt === undefined ? undefined : new Date(lastDueAt),
    waiting: (record.waiting ?? []).map((at) => new Date(at)),
  };
}

const GIVE_UP_MS = 30_000;

function checkCount(option: string, value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= 1_000) return;
  throw new InvalidOptionError(option, value, "use 1 to 1,000");
}

function timeOf(option: string, time: Date | number): number {
  const ms = Number(time);
  if (ms >= 0 && ms <= 8.64e15) return Math.ceil(ms);
  throw new InvalidOptionError(option, time, "give a Date or milliseconds since 1970");
}
