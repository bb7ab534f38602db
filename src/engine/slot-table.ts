/**
 * Who holds the slots of a queue, or of one key of a flow: what one record says, and how it changes. Every change is a
 * compare-and-set of the whole record, so two workers never take the same slot.
 */
import type { Rate } from "./queue-settings.ts";

export interface SlotTable {
  /** What the slots are for, to be shown: the key, or empty for a queue. */
  readonly label: string;
  readonly holders: readonly SlotHolder[];
  /** Starts of late, for a rate, oldest first. */
  readonly starts: readonly StartCount[];
  /** A worker that gets no slot because others are always faster: they leave it the next one. Empty for none. */
  readonly asking: string;
}

export interface SlotHolder {
  /** Id of the run. */
  readonly run: string;
  readonly worker: string;
  /** When it was taken, in milliseconds since 1970, by the worker's clock. */
  readonly since: number;
}

/** So many starts, the last of them before `until`. */
export interface StartCount {
  readonly until: number;
  readonly count: number;
}

export const EMPTY_SLOTS: SlotTable = Object.freeze({
  label: "",
  holders: [],
  starts: [],
  asking: "",
});

/** What limits a table; nothing for no limit. */
export interface SlotLimits {
  readonly limit: number | undefined;
  readonly rate: Rate | undefined;
}

/** Who wants a slot. */
export interface SlotRequest {
  readonly run: string;
  readonly worker: string;
  /** Its holder is gone, and this worker goes on with the run: the slot comes with it. */
  readonly takesOver: boolean;
  /** It begins: the rate counts it. */
  readonly starts: boolean;
  /** It is active already: it takes a slot even if that is one too many, and others wait the longer. */
  readonly isActive: boolean;
}

/** Why there is no slot. */
export type SlotRefusal =
  | { readonly reason: "limit"; readonly limit: number; readonly holders: readonly SlotHolder[] }
  | { readonly reason: "rate"; readonly rate: Rate; readonly until: number }
  /** There is one, and it is left to a worker that has waited for long, if that one takes it soon. */
  | { readonly reason: "turn"; readonly until: number }
  /** Another worker has a slot for this very run: it is taking it up. */
  | { readonly reason: "held"; readonly holder: SlotHolder };

export type SlotAnswer =
  | { readonly granted: true; readonly table: SlotTable }
  | { readonly granted: false; readonly refusal: SlotRefusal };

/** Takes a slot, if there is one. Whoever has it already has it from now on: that is written too. */
export function takeSlot(
  table: SlotTable,
  limits: SlotLimits,
  request: SlotRequest,
  now: number,
): SlotAnswer {
  const { run, worker, takesOver } = request;
  const present = table.holders.find((holder) => holder.run === run);
  if (present !== undefined) {
    if (present.worker !== worker && !takesOver) {
      return { granted: false, refusal: { reason: "held", holder: present } };
    }
    const renewed = { run, worker, since: now };
    const holders = table.holders.map((holder) => (holder === present ? renewed : holder));
    return { granted: true, table: { ...table, holders } };
  }
  const { limit, rate } = limits;
  if (limit !== undefined && table.holders.length >= limit && !request.isActive) {
    return { granted: false, refusal: { reason: "limit", limit, holders: table.holders } };
  }
  const holders =
    limit === undefined ? table.holders : [...table.holders, { run, worker, since: now }];
  if (rate === undefined || !request.starts) {
    return { granted: true, table: { ...table, holders } };
  }
  const starts = countStart(table.starts, rate, now);
  if (typeof starts !== "number") return { granted: true, table: { ...table, holders, starts } };
  return { granted: false, refusal: { reason: "rate", rate, until: starts } };
}

/** A slot that is given back. */
export interface FreedSlot {
  readonly run: string;
  readonly worker: string;
  /** Only the slot that was taken then. */
  readonly since?: number;
  /** The worker that it was taken from, which may still have the run: it has the slot again. */
  readonly to?: string;
}

/** Frees the slot of a run if this worker is its holder. */
export function freeSlot(table: SlotTable, { run, worker, since, to }: FreedSlot): SlotTable {
  const freed = table.holders.find(
    (holder) =>
      holder.run === run &&
      holder.worker === worker &&
      (since === undefined || holder.since === since),
  );
  if (freed === undefined) return table;
  const left = to === undefined ? [] : [{ ...freed, worker: to }];
  return {
    ...table,
    holders: table.holders.flatMap((holder) => (holder === freed ? left : [holder])),
  };
}

/** How many counts a rate's stretch is divided into: starts that are close together share one. */
const COUNTS = 20;
/** Workers' clocks are closer together than this, or a rate is kept by each of them for itself for a while. */
const MOST_SKEW_MS = 60_000;

/**
 * Counts one more start, or says when there may be one. Whole counts leave the stretch, when their last start must have:
 * so the limit holds in any stretch of that length. Time never goes back: the newest count of anybody's clock is the least
 * that now can be.
 */
function countStart(
  starts: readonly StartCount[],
  { limit, perMs }: Rate,
  clockNow: number,
): readonly StartCount[] | number {
  const widthMs = perMs / COUNTS;
  const newest = starts.at(-1)?.until ?? clockNow;
  const isAhead = newest - clockNow > perMs + MOST_SKEW_MS;
  const now = isAhead ? clockNow : Math.max(clockNow, newest - widthMs);
  // A start that a clock far ahead has counted was made by now at the latest.
  const known = isAhead
    ? starts.map((one) => ({ ...one, until: Math.min(one.until, now) }))
    : starts;
  const recent = known.filter(({ until }) => until + perMs > now);
  let left = recent.reduce((sum, { count }) => sum + count, 0);
  if (left >= limit) {
    for (const { until, count } of recent) {
      left -= count;
      if (left < limit) return Math.ceil(until + perMs);
    }
  }
  const last = recent.at(-1);
  if (last !== undefined && now < last.until) {
    return [...recent.slice(0, -1), { until: last.until, count: last.count + 1 }];
  }
  return [...recent, { until: Math.ceil(now + widthMs), count: 1 }];
}
