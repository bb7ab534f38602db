import type { PlainPayload } from "../engine/payload.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import type { Payloads } from "../payloads/payloads.ts";

/** How a run ended, with its payload opened. @throws what {@link Payloads.open} throws. */
export async function openOutcome(
  payloads: Payloads,
  outcome: RunOutcome,
): Promise<RunOutcome<PlainPayload>> {
  switch (outcome.status) {
    case "completed":
      return { ...outcome, output: await payloads.open(outcome.output) };
    case "failed":
      return { ...outcome, error: await payloads.open(outcome.error) };
    case "crashed":
    case "cancelled":
      return outcome;
  }
}
