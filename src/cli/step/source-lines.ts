import { readFileSync } from "node:fs";
import { printableLines } from "../printable.ts";
import type { Colors } from "../terminal.ts";

/** Lines of users' code around a place, numbered, with the place marked. Each file is read once. */
export class SourceLines {
  readonly #files = new Map<string, readonly string[]>();

  /** Nothing for a file that cannot be read. */
  around(file: string, line: number, context: number, colors: Colors): readonly string[] {
    const lines = this.#linesOf(file);
    const from = Math.max(1, line - context);
    const to = Math.min(lines.length, line + context);
    const shown: string[] = [];
    for (let number = from; number <= to; number++) {
      const text = printableLines(lines[number - 1] ?? "").replaceAll("\t", "  ");
      const numbered = `${String(number).padStart(5)} ${text}`;
      shown.push(number === line ? colors.bold(`>${numbered}`) : colors.dim(` ${numbered}`));
    }
    return shown;
  }

  #linesOf(file: string): readonly string[] {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    let lines: readonly string[] = [];
    try {
      lines = readFileSync(file, "utf8").split(/\r?\n/);
    } catch {
      // It is gone, or a map names one that was never here.
    }
    this.#files.set(file, lines);
    return lines;
  }
}
