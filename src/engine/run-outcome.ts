import type { Payload } from "./payload.ts";
import type { RunEvent } from "./run-event.ts";

/** How a run ended; with its payload opened, a `RunOutcome<PlainPayload>`. */
export type RunOutcome<P extends Payload = Payload> =
  | { readonly status: "completed"; readonly output: P }
  | { readonly status: "failed"; readonly error: P; readonly step: string }
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
