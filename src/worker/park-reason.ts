import type { Mismatch } from "../engine/journal.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";

type Parked = Extract<RunEventBody, { readonly type: "Parked" }>;

/** The event that parks a run whose code does not match its history. */
export function parkedBy(mismatch: Mismatch): Parked {
  const reason = mismatch.step === "" ? "unknown-event" : "mismatch";
  return { type: "Parked", reason, ...mismatch };
}

/** The event that parks a run of which something stored cannot be read; the input when no event is named. */
export function parkedUnreadable(event: RunEvent | undefined, error: Error): Parked {
  const step = event !== undefined && "step" in event ? event.step : "";
  const expected =
    event === undefined ? "the input" : step === "" ? "an input" : `the outcome of step ${step}`;
  return { type: "Parked", reason: "unreadable-payload", expected, asked: error.message, step };
}
