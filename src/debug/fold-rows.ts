import type { BarKind, TimelineBar, TimelineRow } from "./timeline-row.ts";

/**
 * At most so many rows: of more, those in the middle become one that says how many they are and draws when any of them went on.
 * The queue and the workers stay. A `limit` below 5 is 5.
 */
export function foldRows(rows: readonly TimelineRow[], limit: number): readonly TimelineRow[] {
  const most = Math.max(FEWEST, limit);
  if (rows.length <= most) return rows;
  const head = Math.ceil((most - 1) / 2);
  const tail = most - 1 - head;
  const middle = rows.slice(head, rows.length - tail);
  return [...rows.slice(0, head), foldedRow(middle), ...rows.slice(rows.length - tail)];
}

const FEWEST = 5;

function foldedRow(rows: readonly TimelineRow[]): TimelineRow {
  const bars = rows.flatMap((row) => row.bars);
  const [failed, others] = [bars.filter(hasFailed), bars.filter((bar) => !hasFailed(bar))];
  const count = rows.filter((row) => row.bars.at(-1)?.kind === "failed").length;
  return {
    kind: "folded",
    label: `… ${rows.length} more`,
    bars: [...merged(others, "completed"), ...merged(failed, "failed")],
    detail: count === 0 ? "" : `${count} failed`,
  };
}

function hasFailed({ kind }: TimelineBar): boolean {
  return kind === "failed";
}

/** When any of them went on: bars that touch become one. */
function merged(bars: readonly TimelineBar[], kind: BarKind): readonly TimelineBar[] {
  const text = kind === "failed" ? "some of them failed" : "some of them went on";
  const all: TimelineBar[] = [];
  for (const bar of bars.toSorted((one, other) => one.from - other.from)) {
    const last = all.at(-1);
    if (last === undefined || bar.from > last.to) {
      all.push({ ...bar, kind, text });
      continue;
    }
    const [to, isOpen] = [Math.max(last.to, bar.to), last.isOpen || bar.isOpen];
    all[all.length - 1] = { ...last, to, isOpen };
  }
  return all;
}
