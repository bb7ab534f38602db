import type { Payload } from "./payload.ts";
import type { RunEvent } from "./run-event.ts";

/** How a run ended. */
export type RunOutcome =
  | { readonly status: "completed"; readonly output: Payload }
  | { readonly status: "failed"; readonly error: Payload; readonly step: string }
  | { readonly status: "crashed"; readonly crashes: number }
  | { readonly status: "cancelled"; readonly reason: string };

/** How a frame ended its run, if it did. Readable from the last frame alone. */
export function outcomeOf(events: readonly RunEvent[]): RunOutcome | undefined {
  const last = events.at(-1);
  if (last?.type === "Completed") return { status: "completed", output: last.output };
  if (last?.type === "Failed") return { status: "failed", error: last.error, step: last.step };
  if (last?.type === "Crashed") return { status: "crashed", crashes: last.crashes };
  if (last?.type === "Cancelled") return { status: "cancelled", reason: last.reason };
  return undefined;
}
