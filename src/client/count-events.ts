import type { RunRef } from "../engine/run-id.ts";
import type { ClientHost } from "./client-host.ts";
import { readWholeHistory } from "./whole-history.ts";

/** How many events a run has up to a stream sequence; nothing when there is no such run. */
export async function countEvents(
  host: ClientHost,
  run: RunRef,
  upTo: number,
): Promise<number | undefined> {
  const whole = await readWholeHistory(host, run);
  if (whole === undefined) return undefined;
  let count = 0;
  for (const { sequence, events } of whole.frames) if (sequence <= upTo) count += events.length;
  return count;
}
