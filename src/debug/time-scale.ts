import type { Timeline } from "./timeline.ts";

/** Where times stand in a picture. */
export interface TimeScale {
  /** From 0 to `width`; never less for a later time. */
  readonly at: (ms: number) => number;
  /** Times in which nothing happened and that would leave no room for the rest: drawn short. */
  readonly breaks: readonly TimeBreak[];
}

export interface TimeBreak {
  readonly from: number;
  readonly to: number;
  /** Where it is drawn. */
  readonly x0: number;
  readonly x1: number;
}

/**
 * A scale for what is drawn of a run, in the unit of `width`. To scale, but for breaks: a time in which nothing was recorded and no step went
 * on, and that is far longer than all shorter ones and the steps together, takes `breakWidth` instead.
 */
export function timeScale(picture: Timeline, width: number, breakWidth: number): TimeScale {
  const { from, to } = picture;
  if (to <= from) return { at: () => 0, breaks: [] };
  const pieces = cut(picture);
  const collapsed = collapsedOf(pieces);
  const room = Math.min(breakWidth * collapsed.size, width / 2);
  const perBreak = collapsed.size === 0 ? 0 : room / collapsed.size;
  const drawn = pieces.reduce(
    (sum, piece) => sum + (collapsed.has(piece) ? 0 : lengthOf(piece)),
    0,
  );
  const perMs = drawn === 0 ? 0 : (width - room) / drawn;
  let x = 0;
  const placed = pieces.map((piece) => {
    const x0 = x;
    x += collapsed.has(piece) ? perBreak : lengthOf(piece) * perMs;
    return { ...piece, x0, x1: Math.min(width, x), isBreak: collapsed.has(piece) };
  });
  return {
    at: (ms) => placeOf(placed, Math.min(to, Math.max(from, ms)), width),
    breaks: placed.filter(({ isBreak }) => isBreak).map(breakOf),
  };
}

interface Piece {
  readonly from: number;
  readonly to: number;
  /** True while a step is going on. */
  readonly isBusy: boolean;
}

function lengthOf({ from, to }: Piece): number {
  return to - from;
}

/** The time of the picture, cut wherever something begins, ends or happens. */
function cut({ from, to, rows, marks }: Timeline): readonly Piece[] {
  const bars = rows.flatMap((row) => row.bars);
  const ends = bars.flatMap((bar) => [bar.from, bar.to]);
  const moments = new Set([from, to, ...ends, ...marks.map(({ at }) => at)]);
  const cuts = [...moments].filter((at) => at >= from && at <= to).toSorted((a, b) => a - b);
  const busy = bars.filter(({ kind }) => BUSY.has(kind)).toSorted((a, b) => a.from - b.from);
  const pieces: Piece[] = [];
  let [next, until] = [0, from];
  for (const [at, start] of cuts.entries()) {
    const end = cuts[at + 1];
    if (end === undefined) break;
    for (let bar = busy[next]; bar !== undefined && bar.from <= start; bar = busy[++next]) {
      until = Math.max(until, bar.to);
    }
    pieces.push({ from: start, to: end, isBusy: until > start });
  }
  return pieces;
}

const BUSY: ReadonlySet<string> = new Set(["completed", "failed", "running", "lost"]);

/** From the shortest on: a time that is longer than all before it together is left out, and so are the longer ones. */
function collapsedOf(pieces: readonly Piece[]): ReadonlySet<Piece> {
  let shown = pieces.reduce((sum, piece) => sum + (piece.isBusy ? lengthOf(piece) : 0), 0);
  const idle = pieces.filter(({ isBusy }) => !isBusy);
  const shortest = idle.toSorted((one, other) => lengthOf(one) - lengthOf(other));
  for (const [at, piece] of shortest.entries()) {
    if (shown > 0 && lengthOf(piece) > shown * LONG) return new Set(shortest.slice(at));
    shown += lengthOf(piece);
  }
  return new Set();
}

/** How many times longer than the rest an idle time may be and still be drawn to scale. */
const LONG = 2;

function breakOf({ from, to, x0, x1 }: Placed): TimeBreak {
  return { from, to, x0, x1 };
}

interface Placed extends Piece {
  readonly x0: number;
  readonly x1: number;
}

function placeOf(placed: readonly Placed[], ms: number, width: number): number {
  let [low, high] = [0, placed.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((placed[middle]?.to ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  const piece = placed[low];
  if (piece === undefined) return 0;
  const share = lengthOf(piece) === 0 ? 0 : (ms - piece.from) / lengthOf(piece);
  return Math.min(width, piece.x0 + share * (piece.x1 - piece.x0));
}
