import { fireAt } from "../engine/schedule-keys.ts";
import type { ScheduleRecord } from "../engine/schedule-spec.ts";
import type { Broker } from "../ports/broker.ts";
import type { ControlStore } from "../ports/control-store.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import {
  decodeSchedule,
  encodeDueNotice,
  encodeSchedule,
  SCHEDULES,
  scheduleKey,
} from "../wire/schedule-codec.ts";
import { changeRecord, type RecordKind } from "./change-record.ts";
import type { ClientHost } from "./client-host.ts";

/** A schedule as it stands, and what the next write of it has to expect. */
export interface StoredSchedule {
  /** Nothing when there is none, or one that this version cannot read. */
  readonly record: ScheduleRecord | undefined;
  readonly revision: number;
}

export async function readSchedule(control: ControlStore, name: string): Promise<StoredSchedule> {
  const stored = await control.read(scheduleKey(name));
  const decoded = stored && decodeSchedule(stored.data);
  return {
    record: decoded?.kind === "ok" ? decoded.value : undefined,
    revision: stored?.revision ?? 0,
  };
}

/** All schedules, by name. May be behind by an instant. */
export async function listSchedules(control: ControlStore): Promise<readonly ScheduleRecord[]> {
  const records: ScheduleRecord[] = [];
  for (const { data } of await control.list(SCHEDULES)) {
    const decoded = decodeSchedule(data);
    if (decoded.kind === "ok") records.push(decoded.value);
  }
  return records.toSorted((one, other) => (one.spec.name < other.spec.name ? -1 : 1));
}

/**
 * Changes a schedule as `change` says: the same record again for nothing, nothing for its removal. `change` may be called
 * several times. Gives what stands there then.
 * @throws {@link BrokerError} and what `change` throws.
 */
export async function changeSchedule(
  host: ClientHost,
  name: string,
  change: (before: ScheduleRecord | undefined) => ScheduleRecord | undefined,
): Promise<ScheduleRecord | undefined> {
  const { broker, clock } = host;
  // Ordered before it is written: of a crash in between is left an order that finds nothing to do.
  const after = await changeRecord(host, SCHEDULE, scheduleKey(name), change, async (next) => {
    if (next.paused === undefined) await orderDue(broker, next, clock.now());
  });
  if (after === undefined || after.paused !== undefined) await withdrawDue(broker, name);
  return after;
}

/**
 * Orders the message that gets a schedule's next run going, in place of what was ordered before. It comes a little early, and
 * is held until the time has come.
 */
export async function orderDue(broker: Broker, record: ScheduleRecord, now: number): Promise<void> {
  const { spec, version } = record;
  const subjects = new BusSubjects(broker.log.namespace);
  const at = actAt(record, now);
  await broker.bus.order({
    subject: subjects.scheduleOrder(spec.name),
    target: subjects.scheduleDue(spec.flow, spec.name),
    at: Math.max(0, at - EARLY_MS),
    data: encodeDueNotice({ schedule: spec.name, version, at }),
  });
}

/** When there is something to do for a schedule: its next run, or a look at whether what one waits for has ended. */
export function actAt(record: ScheduleRecord, now: number): number {
  const next = fireAt(record.spec, record.nextAt);
  const [first] = record.waiting ?? [];
  if (first === undefined) return next;
  // Less often the longer it takes: a run of hours is not looked at each second.
  const againMs = Math.min(LONGEST_POLL_MS, Math.max(SHORTEST_POLL_MS, (now - first) / 4));
  return Math.min(next, Math.ceil(now + againMs));
}

/** What is ordered is harmless when it comes, so it does not matter if this fails. */
async function withdrawDue(broker: Broker, name: string): Promise<void> {
  const subjects = new BusSubjects(broker.log.namespace);
  await broker.bus.withdraw(subjects.scheduleOrder(name)).catch(() => undefined);
}

/** The broker is late by up to half a second. */
const EARLY_MS = 1_000;
const SHORTEST_POLL_MS = 1_000;
const LONGEST_POLL_MS = 15_000;
const SCHEDULE: RecordKind<ScheduleRecord> = { encode: encodeSchedule, decode: decodeSchedule };
