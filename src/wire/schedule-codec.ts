import type { ScheduleRecord } from "../engine/schedule-spec.ts";
import { decodeRecord, encodeRecord, isCount, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** What the keys of all schedules begin with. */
export const SCHEDULES = "schedule";

/** The control record that holds a schedule. */
export function scheduleKey(name: string): string {
  return `${SCHEDULES}.${name}`;
}

export function encodeSchedule(record: ScheduleRecord): Uint8Array {
  return encodeRecord(record);
}

/** A schedule's record. One that was removed comes back as foreign. */
export function decodeSchedule(bytes: Uint8Array): Decoded<ScheduleRecord> {
  return decodeRecord(bytes, (fields) => {
    const { format: _format, ...record } = fields;
    if (fields["removed"] === true) return "the schedule was removed";
    return isScheduleRecord(record) ? record : "it is no schedule";
  });
}

/** Written by Millrace only: its form is looked at, and what its spec says was checked when it was put. */
function isScheduleRecord(fields: object): fields is ScheduleRecord {
  const { spec, version, from, nextAt, waiting, lastRun, paused } = fields as Partial<
    Record<keyof ScheduleRecord, unknown>
  >;
  return (
    isSpec(spec) &&
    isCount(version) &&
    typeof nextAt === "number" &&
    typeof from === "string" &&
    (waiting === undefined || isNumbers(waiting)) &&
    (lastRun === undefined || typeof lastRun === "string") &&
    (paused === undefined || isObject(paused))
  );
}

function isSpec(spec: unknown): boolean {
  if (!isObject(spec) || !isObject(spec["timing"]) || !isObject(spec["catchUp"])) return false;
  const { name, flow, overlap, jitterMs } = spec;
  const texts = [name, flow, overlap].every((text) => typeof text === "string");
  return texts && typeof jitterMs === "number";
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}

/** What the broker is told to send when a schedule is due: only a hint to look at its record, which decides. */
export interface DueNotice {
  readonly schedule: string;
  readonly version: number;
  /** When there is something to do, in milliseconds since 1970. */
  readonly at: number;
}

export function encodeDueNotice(notice: DueNotice): Uint8Array {
  return encodeRecord(notice);
}

/** When there is something to do; nothing when the notice does not say it. */
export function dueNoticeAt(bytes: Uint8Array): number | undefined {
  const decoded = decodeRecord(bytes, ({ at }) => (typeof at === "number" ? at : "it has no time"));
  return decoded.kind === "ok" ? decoded.value : undefined;
}
