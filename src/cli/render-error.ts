import { printable, printableLines } from "./printable.ts";

/** An error and its causes as lines, each cause under what it caused. */
export function errorLines(error: unknown, options: ErrorLineOptions): readonly string[] {
  const { dim, stacks, lead = "" } = options;
  const lines: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && depth < MAX_CAUSES; depth++) {
    const start = depth === 0 ? lead : "caused by: ";
    lines.push(`${start}${headline(current)}`);
    if (!(current instanceof Error)) break;
    if (stacks) lines.push(...frames(current).map((frame) => dim(`    ${frame}`)));
    current = current.cause;
  }
  return lines;
}

export interface ErrorLineOptions {
  readonly dim: (text: string) => string;
  /** Show where each error was thrown. */
  readonly stacks: boolean;
  /** Stands before the first. */
  readonly lead?: string;
}

const MAX_CAUSES = 16;
const MAX_FRAMES = 8;

/** `TypeError [E_CODE]: what it says` */
export function headline(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const code = "code" in error && typeof error.code === "string" ? ` [${error.code}]` : "";
  const text = error.message === "" ? "" : `: ${printableLines(error.message)}`;
  return `${printable(error.name)}${printable(code)}${text}`;
}

function frames(error: Error): readonly string[] {
  const all = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const shown = all.slice(0, MAX_FRAMES).map((line) => printable(line.trim()));
  return all.length > MAX_FRAMES ? [...shown, `… ${all.length - MAX_FRAMES} more`] : shown;
}
