import type { Colors } from "./terminal.ts";

/** A status of a run or step in its colour. */
export function coloredStatus(status: string, colors: Colors): string {
  const { green, red, yellow, cyan } = colors;
  if (status === "completed") return green(status);
  if (status === "failed" || status === "crashed") return red(status);
  if (status === "parked" || status === "cancelled" || status === "awaiting-retry") {
    return yellow(status);
  }
  return cyan(status);
}
