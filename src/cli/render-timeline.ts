import { foldRows } from "../debug/fold-rows.ts";
import { type TimeBreak, type TimeScale, timeScale } from "../debug/time-scale.ts";
import type { Timeline } from "../debug/timeline.ts";
import type { BarKind, TimelineBar, TimelineMark, TimelineRow } from "../debug/timeline-row.ts";
import { humanDuration, humanTime } from "./human-time.ts";
import { printable } from "./printable.ts";
import { coloredStatus } from "./run-colors.ts";
import type { Colors } from "./terminal.ts";
import { cutToWidth, textWidth } from "./text-width.ts";

/** How a run is drawn in a terminal. */
export interface TimelineText {
  /** Columns of a line, at least {@link MIN_WIDTH}. */
  readonly width: number;
  /** Rows of steps and the like; of more, the middle is folded. */
  readonly rows: number;
  readonly colors: Colors;
}

export const MIN_WIDTH = 60;

/** A run as lines of a terminal. Each kind of bar has a sign of its own: colours only repeat it. */
export function renderTimeline(picture: Timeline, text: TimelineText): readonly string[] {
  const { colors } = text;
  const { id, status, from, to } = picture;
  const rows = foldRows(picture.rows, text.rows);
  const layout = layoutOf(rows, Math.max(MIN_WIDTH, text.width));
  const scale = timeScale(picture, layout.canvas, BREAK_COLUMNS);
  const took = `${humanDuration(to - from)} from ${humanTime(new Date(from))}`;
  return [
    `${colors.bold(printable(id))}  ${coloredStatus(status, colors)}  ${colors.dim(took)}`,
    "",
    ...rulerLines(picture, scale, layout, colors),
    ...rows.map((row) => rowLine(row, scale, layout, colors)),
    ...marksLine(picture, scale, layout, colors),
    "",
    ...legendLines(rows, picture, colors),
    ...breakLines(scale.breaks, picture, colors),
    ...markLines(picture, colors),
  ];
}

const BREAK_COLUMNS = 3;

interface Layout {
  readonly label: number;
  readonly canvas: number;
  readonly detail: number;
}

function layoutOf(rows: readonly TimelineRow[], width: number): Layout {
  const widest = (of: (row: TimelineRow) => string): number =>
    rows.reduce((most, row) => Math.max(most, textWidth(printable(of(row)))), 0);
  const label = Math.min(
    Math.floor(width / 4),
    Math.max(
      6,
      widest((row) => row.label),
    ),
  );
  const detail = Math.min(Math.floor(width / 4), widest(detailOf));
  return { label, detail, canvas: width - label - detail - 2 };
}

function detailOf({ kind, bars, detail }: TimelineRow): string {
  const [first, last] = [bars[0], bars.at(-1)];
  if (kind === "folded" || first === undefined || last === undefined) return detail;
  const took = humanDuration(last.to - first.from);
  return detail === "" ? took : `${took}, ${detail}`;
}

/** How far into the run a column is, and where time is left out. */
function rulerLines(
  { from, to }: Timeline,
  scale: TimeScale,
  { label, canvas }: Layout,
  colors: Colors,
): readonly string[] {
  const ruler = Array.from({ length: canvas }, () => "─");
  for (const { x0, x1 } of scale.breaks) fill(ruler, x0, x1, BREAK_SIGN);
  const end = humanDuration(to - from);
  const gap = " ".repeat(Math.max(1, canvas - 1 - textWidth(end)));
  const indent = " ".repeat(label + 1);
  return [colors.dim(`${indent}0${gap}${end}`), colors.dim(indent + ruler.join(""))];
}

const BREAK_SIGN = "≈";

function rowLine(
  row: TimelineRow,
  scale: TimeScale,
  { label, canvas, detail }: Layout,
  colors: Colors,
): string {
  const cells: Sign[] = Array.from({ length: canvas }, () => BLANK);
  // What matters more is drawn later.
  const bars = row.bars.toSorted((one, other) => WEIGHT[one.kind] - WEIGHT[other.kind]);
  for (const bar of bars) drawBar(cells, bar, scale);
  const name = cutToWidth(printable(row.label), label);
  const space = " ".repeat(label - textWidth(name));
  const words = cutToWidth(printable(detailOf(row)), detail);
  return `${name}${space} ${painted(cells, colors)} ${colors.dim(words)}`.trimEnd();
}

interface Sign {
  readonly sign: string;
  readonly kind: BarKind | undefined;
}

const BLANK: Sign = { sign: " ", kind: undefined };

function drawBar(cells: Sign[], { kind, from, to, isOpen }: TimelineBar, scale: TimeScale): void {
  const [first, last] = columns(scale.at(from), scale.at(to), cells.length);
  for (let at = first; at <= last; at++) cells[at] = { sign: SIGNS[kind], kind };
  if (WAITS.has(kind)) {
    for (const { from: start, to: end, x0, x1 } of scale.breaks) {
      if (start < from || end > to) continue;
      const [left, right] = columns(x0, x1, cells.length);
      for (let at = left; at <= right; at++) cells[at] = { sign: BREAK_SIGN, kind };
    }
  }
  const end = ENDS[kind];
  if (isOpen) cells[last] = { sign: "▶", kind };
  else if (end !== undefined) cells[last] = { sign: end, kind };
}

/** The columns of a bar: at least one, and never outside. */
function columns(x0: number, x1: number, width: number): readonly [first: number, last: number] {
  const first = Math.min(width - 1, Math.floor(x0));
  return [first, Math.min(width - 1, Math.max(first, Math.ceil(x1) - 1))];
}

function fill(cells: string[], x0: number, x1: number, sign: string): void {
  const [first, last] = columns(x0, x1, cells.length);
  for (let at = first; at <= last; at++) cells[at] = sign;
}

const SIGNS: Readonly<Record<BarKind, string>> = {
  queued: "░",
  held: "▄",
  suspended: "·",
  completed: "█",
  failed: "▒",
  running: "▓",
  lost: "▒",
  retry: "·",
  timer: "─",
  receive: "╌",
  child: "═",
};

/** The last sign of a bar, where it says how it ended. */
const ENDS: Partial<Record<BarKind, string>> = { failed: "✗", lost: "!" };

const WAITS: ReadonlySet<BarKind> = new Set([
  "queued",
  "suspended",
  "retry",
  "timer",
  "receive",
  "child",
]);

const WEIGHT: Readonly<Record<BarKind, number>> = {
  retry: 0,
  suspended: 0,
  queued: 0,
  timer: 0,
  receive: 0,
  child: 0,
  held: 1,
  completed: 1,
  running: 2,
  lost: 3,
  failed: 4,
};

/** One escape sequence for each stretch of a colour. */
function painted(cells: readonly Sign[], colors: Colors): string {
  let line = "";
  for (let at = 0; at < cells.length; ) {
    const kind = cells[at]?.kind;
    let text = "";
    for (; at < cells.length && cells[at]?.kind === kind; at++) text += cells[at]?.sign ?? " ";
    line += kind === undefined ? text : paintOf(kind, colors)(text);
  }
  return line;
}

function paintOf(kind: BarKind, colors: Colors): (text: string) => string {
  if (kind === "failed" || kind === "lost") return colors.red;
  if (kind === "completed") return colors.green;
  if (kind === "running" || kind === "held") return colors.cyan;
  return colors.dim;
}

const MARK_SIGNS: Readonly<Record<TimelineMark["kind"], string>> = {
  "take-over": "!",
  signal: "S",
  cancel: "C",
  parked: "P",
  resumed: "R",
  forked: "F",
  patch: "p",
};

function marksLine(
  { marks }: Timeline,
  scale: TimeScale,
  { label, canvas }: Layout,
  colors: Colors,
): readonly string[] {
  if (marks.length === 0) return [];
  const cells = Array.from({ length: canvas }, () => " ");
  for (const { kind, at } of marks) {
    const [column] = columns(scale.at(at), scale.at(at), canvas);
    const sign = MARK_SIGNS[kind];
    cells[column] = cells[column] === " " || cells[column] === sign ? sign : "*";
  }
  return [`${"marks".padEnd(label)} ${colors.bold(cells.join("").trimEnd())}`];
}

/** What the signs mean that were used. */
function legendLines(
  rows: readonly TimelineRow[],
  { marks }: Timeline,
  colors: Colors,
): readonly string[] {
  const used = new Set(rows.flatMap(({ bars }) => bars.map(({ kind }) => kind)));
  const isOpen = rows.some(({ bars }) => bars.some((bar) => bar.isOpen));
  const kinds = (Object.keys(WORDS) as BarKind[]).filter((kind) => used.has(kind));
  const words = kinds.map((kind) => `${SIGNS[kind]}${ENDS[kind] ?? ""} ${WORDS[kind]}`);
  if (isOpen) words.push("▶ goes on");
  if (marks.some(({ kind }) => kind === "take-over")) words.push("! a worker was lost");
  return [colors.dim(words.join("   "))];
}

const WORDS: Readonly<Record<BarKind, string>> = {
  queued: "queued",
  held: "held by a worker",
  suspended: "suspended",
  completed: "attempt completed",
  failed: "failed",
  running: "running",
  lost: "lost with its worker",
  retry: "until the next attempt",
  timer: "timer",
  receive: "waits for a signal",
  child: "child run",
};

function breakLines(
  breaks: readonly TimeBreak[],
  { from }: Timeline,
  colors: Colors,
): readonly string[] {
  if (breaks.length === 0) return [];
  const texts = breaks
    .slice(0, MAX_BREAKS)
    .map((one) => `${humanDuration(one.to - one.from)} after ${humanDuration(one.from - from)}`);
  const more = breaks.length - texts.length;
  const rest = more > 0 ? `, and ${more} more` : "";
  return [colors.dim(`${BREAK_SIGN} not to scale: ${texts.join(", ")}${rest}`)];
}

const MAX_BREAKS = 5;

function markLines({ marks, from }: Timeline, colors: Colors): readonly string[] {
  const lines = marks.slice(0, MAX_MARKS).map(({ kind, at, text }) => {
    const after = `+${humanDuration(Math.max(0, at - from))}`;
    return `${MARK_SIGNS[kind]} ${colors.dim(after.padEnd(9))} ${printable(text)}`;
  });
  const more = marks.length - lines.length;
  return more > 0 ? [...lines, colors.dim(`… and ${more} more marks`)] : lines;
}

const MAX_MARKS = 20;
