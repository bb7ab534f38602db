import { printable } from "../printable.ts";
import type { Colors } from "../terminal.ts";
import { cutToWidth } from "../text-width.ts";
import type { StepWalk } from "./step-walk.ts";

/** What is shown of one moment of a run, as lines. */
export interface StepView {
  /** The run's id. */
  readonly run: string;
  readonly events: number;
  /** The event, on a line; nothing before the first. */
  readonly event: string | undefined;
  /** The code that asked for what the event answers. */
  readonly code: readonly string[];
  /** What the flow asked for after this event, each with its line of code. */
  readonly asks: readonly string[];
  /** The run as it was then. */
  readonly state: readonly string[];
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** The screen at a moment: as many lines as it has rows, none wider than it is. */
export function drawStep(
  walk: StepWalk,
  view: StepView,
  { columns, rows }: ScreenSize,
  colors: Colors,
): readonly string[] {
  const { at, scroll } = walk;
  const bar = "─".repeat(Math.max(1, columns));
  const head = [
    `${colors.bold(printable(view.run))}  event ${at} of ${view.events}`,
    view.event ?? "Before its first event.",
    ...(view.code.length > 0 ? ["", ...view.code] : []),
    ...(view.asks.length > 0 ? ["", colors.dim("then the flow asked for"), ...view.asks] : []),
    colors.dim(bar),
  ];
  const room = Math.max(1, rows - head.length - 2);
  const first = Math.min(scroll, Math.max(0, view.state.length - room));
  const shown = view.state.slice(first, first + room);
  const isCut = first + room < view.state.length;
  const body = isCut ? [...shown.slice(0, -1), colors.dim("…")] : shown;
  const filled = [...head, ...body, ...Array<string>(room).fill("")].slice(
    0,
    Math.max(0, rows - 2),
  );
  const lines = [...filled, colors.dim(bar), footOf(walk)];
  return lines.slice(-rows).map((line) => cutColored(line, columns));
}

function footOf({ prompt, message }: StepWalk): string {
  if (prompt !== undefined) {
    const name = prompt.kind === "go" ? "go to event, seq:<n> or step: " : "/";
    return `${name}${printable(prompt.text)}_`;
  }
  return message === "" ? KEYS : printable(message);
}

const KEYS = "→ n next  ← p back  g go to  / search  home end  ↑ ↓ scroll  q quit";

/** Colours take no columns: a line that is cut has none. */
function cutColored(line: string, columns: number): string {
  // oxlint-disable-next-line no-control-regex -- What colours are.
  const plain = line.replaceAll(/\u001b\[\d+m/g, "");
  const cut = cutToWidth(plain, columns);
  return cut === plain ? line : cut;
}
