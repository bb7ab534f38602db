import type { DestinationStream } from "pino";
import { clockTime } from "./human-time.ts";
import { printable, printableLines } from "./printable.ts";
import type { Colors } from "./terminal.ts";

/** Takes pino's JSON lines and writes them for people: time, level, message, then what belongs to it. */
export function humanLog(colors: Colors, write: (text: string) => void): DestinationStream {
  return { write: (line) => write(`${humanLogLine(line, colors)}\n`) };
}

export function humanLogLine(line: string, colors: Colors): string {
  const entry = parse(line);
  if (entry === undefined) return printableLines(line.trimEnd());
  const { level, time, msg, err, pid: _, hostname: __, name: ___, worker: ____, ...rest } = entry;
  const label = levelOf(Number(level), colors);
  const when = colors.dim(clockTime(new Date(Number(time))));
  const fields = Object.entries(rest).map(
    ([key, value]) => `${colors.dim(`${printable(key)}=`)}${printable(text(value))}`,
  );
  const head = [when, label, printableLines(text(msg ?? "")), ...fields].join(" ");
  return [head, ...errorText(err).map((part) => colors.dim(`    ${part}`))].join("\n");
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("level" in entry)) return undefined;
    return { ...entry };
  } catch {
    return undefined;
  }
}

function levelOf(level: number, colors: Colors): string {
  if (level >= 50) return colors.red("ERROR");
  if (level >= 40) return colors.yellow("WARN ");
  if (level >= 30) return colors.green("INFO ");
  return colors.dim("DEBUG");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function errorText(error: unknown): readonly string[] {
  if (error === undefined) return [];
  const known = typeof error === "object" && error !== null && "stack" in error;
  return printableLines(known ? String(error.stack) : text(error)).split("\n");
}
