import type { Trigger, TriggerJson } from "../definition/trigger.ts";
import { triggerSpecOf } from "../definition/trigger-spec-of.ts";
import { checkToken } from "../engine/names.ts";
import { TriggerNotFoundError } from "../engine/trigger-errors.ts";
import type { TriggerRecord, TriggerSpec } from "../engine/trigger-spec.ts";
import { TRIGGERS, triggerKey } from "../wire/trigger-codec.ts";
import {
  decodeTriggerStats,
  NO_STATS,
  TRIGGER_STATS,
  type TriggerStats,
  triggerStatsKey,
} from "../wire/trigger-stats-codec.ts";
import { changeRecord, listRecords, readRecord } from "./change-record.ts";
import type { ClientHost } from "./client-host.ts";
import { declareTrigger, TRIGGER_RECORD } from "./declare-triggers.ts";
import { type TriggerTest, type TriggerTestOptions, testTrigger } from "./test-trigger.ts";

/** The triggers of a namespace. Workers act on them, whichever flows they serve. */
export class Triggers {
  readonly #host: ClientHost;

  constructor(host: ClientHost) {
    this.#host = host;
  }

  /** All of them, by name. May be behind by an instant. */
  async list(): Promise<readonly TriggerView[]> {
    const [records, counts] = await Promise.all([
      listRecords(this.#host, TRIGGER_RECORD, TRIGGERS),
      this.#host.broker.control.list(TRIGGER_STATS),
    ]);
    const stats = new Map(counts.map(({ key, data }) => [key, decodeTriggerStats(data)]));
    return records
      .map((record) => viewOf(record, stats.get(triggerStatsKey(record.spec.name))))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** @throws {@link TriggerNotFoundError}, {@link InvalidNameError} */
  async get(name: string): Promise<TriggerView> {
    return await this.#view(await this.#record(name));
  }

  /**
   * Makes a trigger, or changes the one of this name. Resolves when it is durable: workers act on it from then on, within seconds.
   * The same again changes nothing, and a paused one stays paused. One that stands in code is put again as it stands there when a
   * worker with that code starts.
   * @throws {@link TriggerInvalidError} that names the place, before anything is written
   */
  async put(trigger: Trigger | TriggerJson | TriggerSpec): Promise<TriggerView> {
    return await this.#view(await declareTrigger(this.#host, specIn(trigger), "api"));
  }

  /**
   * Removes a trigger and what it remembers. What it started goes on. One that stands in code is there again when a worker with
   * that code starts: pause it.
   * @throws {@link TriggerNotFoundError}
   */
  async remove(name: string): Promise<void> {
    await this.#record(name);
    await changeRecord(this.#host, TRIGGER_RECORD, triggerKey(name), () => undefined);
  }

  /** Events wait until it is resumed, for as long as their stream keeps them. @throws {@link TriggerNotFoundError} */
  pause(name: string, reason = ""): Promise<TriggerView> {
    const at = this.#host.clock.now();
    return this.#changed(name, (record) =>
      record.paused === undefined ? { ...record, paused: { reason, at }, changedAt: at } : record,
    );
  }

  /** It goes on with what came meanwhile. @throws {@link TriggerNotFoundError} */
  resume(name: string): Promise<TriggerView> {
    const changedAt = this.#host.clock.now();
    return this.#changed(name, (record) => {
      if (record.paused === undefined) return record;
      const { paused: _, ...running } = record;
      return { ...running, changedAt };
    });
  }

  /**
   * A dry run: which events a trigger would act on or why not, and what it would do. Changes nothing. Takes a trigger that is there
   * by its name, or one that nobody has put yet.
   * @throws {@link TriggerNotFoundError}, {@link TriggerInvalidError}, {@link InvalidOptionError}
   */
  async test(
    trigger: string | Trigger | TriggerJson | TriggerSpec,
    options: TriggerTestOptions,
  ): Promise<TriggerTest> {
    const spec = typeof trigger === "string" ? (await this.#record(trigger)).spec : specIn(trigger);
    return await testTrigger(this.#host, spec, options);
  }

  async #record(name: string): Promise<TriggerRecord> {
    const key = triggerKey(checkToken("A trigger's name", name));
    const record = await readRecord(this.#host, TRIGGER_RECORD, key);
    if (record === undefined) throw new TriggerNotFoundError(name);
    return record;
  }

  async #changed(
    name: string,
    change: (record: TriggerRecord) => TriggerRecord,
  ): Promise<TriggerView> {
    const key = triggerKey(checkToken("A trigger's name", name));
    const changed = await changeRecord(this.#host, TRIGGER_RECORD, key, (record) => {
      if (record === undefined) throw new TriggerNotFoundError(name);
      return change(record);
    });
    if (changed === undefined) throw new TriggerNotFoundError(name);
    return await this.#view(changed);
  }

  async #view(record: TriggerRecord): Promise<TriggerView> {
    const counts = await this.#host.broker.control.read(triggerStatsKey(record.spec.name));
    return viewOf(record, counts && decodeTriggerStats(counts.data));
  }
}

/** A trigger as it stands. */
export interface TriggerView {
  readonly name: string;
  readonly spec: TriggerSpec;
  /** 1 for the first; one more for each change of the spec. */
  readonly version: number;
  /** `code`: a worker brought it along. */
  readonly from: "code" | "api";
  /** Why and since when it stands still: somebody paused it, or it was stopped because it ran away. */
  readonly paused: { readonly reason: string; readonly at: Date } | undefined;
  readonly createdAt: Date;
  readonly changedAt: Date;
  /** How many firings led to a run, over all workers. Counted for showing: a worker that dies may leave some out. */
  readonly fired: number;
  readonly lastFiredAt: Date | undefined;
  /** Events and firings that failed: expressions without a value, actions that cannot be done. */
  readonly failed: number;
  readonly lastError: { readonly at: Date; readonly message: string } | undefined;
}

function specIn(trigger: Trigger | TriggerJson | TriggerSpec): TriggerSpec {
  return triggerSpecOf("spec" in trigger && "kind" in trigger ? trigger.spec : trigger);
}

function viewOf(record: TriggerRecord, stats: TriggerStats = NO_STATS): TriggerView {
  const { spec, version, from, paused, createdAt, changedAt } = record;
  const { fired, lastFiredAt, failed, lastError } = stats;
  return {
    name: spec.name,
    spec,
    version,
    from,
    paused: paused && { reason: paused.reason, at: new Date(paused.at) },
    createdAt: new Date(createdAt),
    changedAt: new Date(changedAt),
    fired,
    lastFiredAt: lastFiredAt === undefined ? undefined : new Date(lastFiredAt),
    failed,
    lastError: lastError && { message: lastError.message, at: new Date(lastError.at) },
  };
}
