import type { Colors } from "./terminal.ts";
import { cutToWidth, textWidth } from "./text-width.ts";

export interface Column {
  readonly title: string;
  /** It may be cut down to so many columns of the terminal, 0 to leave it out. Default: it is never cut. */
  readonly shrinkTo?: number;
  readonly align?: "left" | "right";
}

export interface Cell {
  readonly text: string;
  /** Colours the text, once it has its width. */
  readonly paint?: (text: string) => string;
}

/**
 * A table without lines, its columns as wide as what is in them, and the wider ones cut where the terminal (`width`) is
 * narrower. Columns in which nothing stands are left out.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width, colors }: { readonly width: number | undefined; readonly colors: Colors },
): readonly string[] {
  const widths = fitted(columns, naturalWidths(columns, rows), width);
  const titles = columns.map(({ title }): Cell => ({ text: title, paint: colors.dim }));
  return [titles, ...rows].map((row) => line(columns, row, widths));
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map(({ title }, at) => {
    const widest = rows.reduce((most, row) => Math.max(most, textWidth(row[at]?.text ?? "")), 0);
    return widest === 0 ? 0 : Math.max(widest, textWidth(title));
  });
}

/** The widest column that may be cut gives way, until it fits or none is left. */
function fitted(columns: readonly Column[], natural: number[], width = Number.MAX_SAFE_INTEGER) {
  const widths = [...natural];
  const total = (): number =>
    widths.reduce((sum, one) => sum + (one === 0 ? 0 : one + GAP.length), -GAP.length);
  while (total() > width) {
    let widest: number | undefined;
    for (const [at, { shrinkTo }] of columns.entries()) {
      const own = widths[at] ?? 0;
      if (shrinkTo === undefined || own <= shrinkTo) continue;
      if (widest === undefined || own > (widths[widest] ?? 0)) widest = at;
    }
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

const GAP = "  ";

function line(columns: readonly Column[], row: readonly Cell[], widths: readonly number[]): string {
  const cells = columns.flatMap(({ align }, at) => {
    const width = widths[at] ?? 0;
    if (width === 0) return [];
    const { text = "", paint = (plain: string) => plain } = row[at] ?? {};
    const cut = cutToWidth(text, width);
    const space = " ".repeat(width - textWidth(cut));
    return [align === "right" ? space + paint(cut) : paint(cut) + space];
  });
  return cells.join(GAP).trimEnd();
}
