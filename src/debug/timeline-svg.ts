import { foldRows } from "./fold-rows.ts";
import { type TimeBreak, type TimeScale, timeScale } from "./time-scale.ts";
import type { Timeline } from "./timeline.ts";
import type { BarKind, TimelineBar, TimelineMark, TimelineRow } from "./timeline-row.ts";
import { xmlText } from "./xml-text.ts";

/** How a run is drawn. */
export interface TimelineSvgOptions {
  /** Rows at most; of more, the middle is folded. Default 200. */
  readonly rows?: number;
  /** A time of so many milliseconds in words. */
  readonly duration: (ms: number) => string;
}

/**
 * A run as a picture that needs nothing else: SVG with a title and a description, readable on light and dark ground, each bar with
 * its words. Names from outside are text in it and nothing more.
 */
export function timelineSvg(picture: Timeline, options: TimelineSvgOptions): string {
  const { rows: limit = DEFAULT_ROWS, duration } = options;
  const rows = foldRows(picture.rows, limit);
  const scale = timeScale(picture, CANVAS, BREAK_WIDTH);
  const marksAt = TOP + rows.length * ROW;
  const marks = picture.marks.slice(0, MAX_MARKS);
  const height = marksAt + (marks.length === 0 ? 0 : ROW + LINE / 2 + marks.length * LINE) + BOTTOM;
  const title = `${picture.id}: ${picture.status}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${xmlText(title)}</title>`,
    `<desc id="desc">${xmlText(described(picture, duration))}</desc>`,
    STYLE,
    HATCH,
    `<rect class="ground" x="0" y="0" width="${WIDTH}" height="${height}"/>`,
    textAt("name", MARGIN, 20, title, LABEL + CANVAS),
    textAt("dim", CANVAS_X, TOP - 12, "0", CANVAS),
    textAt("dim end", CANVAS_X + CANVAS, TOP - 12, duration(picture.to - picture.from), CANVAS),
    ...scale.breaks.map((one) => breakBand(one, marksAt, duration)),
    ...rows.flatMap((row, at) => rowLines(row, TOP + at * ROW, scale, duration)),
    ...markLines(marks, picture, scale, marksAt, duration),
    "</svg>",
    "",
  ].join("\n");
}

const DEFAULT_ROWS = 200;
const MAX_MARKS = 40;

/** Geometry, in the units of the picture. */
const MARGIN = 12;
const LABEL = 190;
const CANVAS = 620;
const DETAIL = 160;
const CANVAS_X = MARGIN + LABEL;
const WIDTH = CANVAS_X + CANVAS + MARGIN + DETAIL;
const TOP = 56;
const ROW = 22;
const BAR = 14;
const LINE = 18;
const BOTTOM = 12;
const BREAK_WIDTH = 24;
/** Units that a character takes, at least about. */
const CHARACTER = 7;

const STYLE = `<style>
.ground{fill:#fff}text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}
.name{font-weight:bold}.dim{fill:#59636e}.end{text-anchor:end}
.queued,.suspended,.retry,.timer,.receive,.child{fill:#d1d9e0;stroke:#59636e;stroke-width:.5}
.queued,.suspended,.retry,.receive{stroke-dasharray:3 2}
.held{fill:#54aeff}.completed{fill:#2da44e}.running{fill:#bf8700}
.failed,.lost{fill:url(#hatch);stroke:#cf222e}.hatch{stroke:#cf222e;stroke-width:3}
.break{fill:#818b98;fill-opacity:.18}.mark{stroke:#8250df;stroke-width:1.5}
@media (prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#f0f6fc}.dim{fill:#9198a1}
.queued,.suspended,.retry,.timer,.receive,.child{fill:#2f353d;stroke:#9198a1}
.held{fill:#1f6feb}.completed{fill:#3fb950}.running{fill:#d29922}.failed,.lost{stroke:#f85149}
.hatch{stroke:#f85149}.mark{stroke:#ab7df8}}
</style>`;

/** What failed is hatched, so that its colour is not the only thing that says so. */
const HATCH =
  '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>';

function described({ rows, marks, from, to }: Timeline, duration: (ms: number) => string): string {
  const steps = rows.filter(({ kind }) => kind === "step").length;
  const begun = new Date(from).toISOString();
  const told = marks.slice(0, MAX_MARKS).map(({ text }) => text);
  const first = `${steps} steps in ${duration(to - from)} from ${begun}.`;
  return told.length === 0 ? first : `${first} ${told.join("; ")}.`;
}

function rowLines(
  row: TimelineRow,
  y: number,
  scale: TimeScale,
  duration: (ms: number) => string,
): readonly string[] {
  const { label, bars, detail } = row;
  const bounds = [bars[0]?.from ?? 0, bars.at(-1)?.to ?? 0] as const;
  const took = row.kind === "folded" ? "" : duration(bounds[1] - bounds[0]);
  const words = [took, detail].filter((text) => text !== "").join(", ");
  return [
    textAt("label", MARGIN, y + BAR - 3, label, LABEL - MARGIN),
    ...bars.map((bar) => barRect(bar, y, scale, duration)),
    textAt("dim", CANVAS_X + CANVAS + MARGIN, y + BAR - 3, words, DETAIL - MARGIN),
  ];
}

function barRect(
  bar: TimelineBar,
  y: number,
  scale: TimeScale,
  duration: (ms: number) => string,
): string {
  const { kind, from, to, isOpen, text } = bar;
  const left = Math.min(scale.at(from), CANVAS - MIN_BAR);
  const wide = Math.max(MIN_BAR, scale.at(to) - left);
  const [top, high] = THIN.has(kind) ? [y + BAR / 2 - 2, 4] : [y, BAR];
  const words = `${text} (${duration(to - from)}${isOpen ? " so far" : ""})`;
  const place = `x="${units(CANVAS_X + left)}" y="${top}" width="${units(wide)}" height="${high}"`;
  return `<rect class="${kind}" ${place}><title>${xmlText(words)}</title></rect>`;
}

const MIN_BAR = 1.5;

/** What only waits is drawn thin. */
const THIN: ReadonlySet<BarKind> = new Set([
  "queued",
  "suspended",
  "retry",
  "timer",
  "receive",
  "child",
]);

function breakBand(
  { from, to, x0, x1 }: TimeBreak,
  bottom: number,
  duration: (ms: number) => string,
): string {
  const place = `x="${units(CANVAS_X + x0)}" y="${TOP - 8}" width="${units(x1 - x0)}" height="${bottom - TOP + 8}"`;
  return `<rect class="break" ${place}><title>${xmlText(`not to scale: ${duration(to - from)}`)}</title></rect>`;
}

function markLines(
  marks: readonly TimelineMark[],
  { from }: Timeline,
  scale: TimeScale,
  y: number,
  duration: (ms: number) => string,
): readonly string[] {
  return marks.flatMap(({ at, text }, n) => {
    const x = units(CANVAS_X + scale.at(at));
    const line = y + ROW + LINE / 2 + n * LINE;
    const words = `${n + 1}  +${duration(Math.max(0, at - from))}  ${text}`;
    return [
      `<line class="mark" x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${y + 2}"><title>${xmlText(text)}</title></line>`,
      `<text class="dim" x="${x}" y="${y + 13}">${n + 1}</text>`,
      textAt("dim", MARGIN, line, words, WIDTH - 2 * MARGIN),
    ];
  });
}

/** A text that is cut before it leaves its room. */
function textAt(style: string, x: number, y: number, text: string, room: number): string {
  const letters = Array.from(text);
  const fits = Math.floor(room / CHARACTER);
  const shown = letters.length > fits ? `${letters.slice(0, fits - 1).join("")}…` : text;
  return `<text class="${style}" x="${x}" y="${y}">${xmlText(shown)}</text>`;
}

function units(value: number): string {
  return String(Number(value.toFixed(2)));
}
