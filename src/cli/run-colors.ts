import type { Colors } from "./terminal.ts";

/** A status of a run or step in its colour. */
export function coloredStatus(status: string, colors: Colors): string {
  return statusPaint(status, colors)(status);
}

/** What gives a text the colour of a status. */
export function statusPaint(
  status: string,
  { green, red, yellow, cyan }: Colors,
): (text: string) => string {
  if (status === "completed") return green;
  if (status === "failed" || status === "crashed") return red;
  if (status === "parked" || status === "cancelled" || status === "awaiting-retry") return yellow;
  return cyan;
}
