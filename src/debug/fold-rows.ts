import type { TimelineBar, TimelineRow } from "./timeline-row.ts";

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
  const failed = rows.filter(({ bars }) => bars.at(-1)?.kind === "failed").length;
  return {
    kind: "folded",
    label: `… ${rows.length} more`,
    bars: merged(rows.flatMap(({ bars }) => bars)),
    detail: failed === 0 ? "" : `${failed} failed`,
  };
}

/** When any of them went on: bars that touch become one. */
function merged(bars: readonly TimelineBar[]): readonly TimelineBar[] {
  const all: TimelineBar[] = [];
  for (const bar of bars.toSorted((one, other) => one.from - other.from)) {
    const last = all.at(-1);
    if (last === undefined || bar.from > last.to) {
      all.push({ ...bar, kind: kindOf(bar), text: "some of them go on" });
      continue;
    }
    all[all.length - 1] = {
      ...last,
      kind: last.kind === "failed" ? last.kind : kindOf(bar),
      to: Math.max(last.to, bar.to),
      isOpen: last.isOpen || bar.isOpen,
    };
  }
  return all;
}

function kindOf({ kind }: TimelineBar): TimelineBar["kind"] {
  return kind === "failed" ? "failed" : "completed";
}
