import type { PlainPayload } from "../engine/payload.ts";
import { RunCancelledError, RunCrashedError, RunFailedError } from "../engine/run-errors.ts";
import type { RunId } from "../engine/run-id.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import { decodeError } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";

/** The value of a run that completed; throws for any other end. */
export function valueOf(id: RunId, outcome: RunOutcome<PlainPayload>): unknown {
  switch (outcome.status) {
    case "completed":
      return decodeValue(outcome.output);
    case "failed":
      throw new RunFailedError(id, decodeError(outcome.error));
    case "crashed":
      throw new RunCrashedError(id, outcome.crashes);
    case "cancelled":
      throw new RunCancelledError(id, outcome.reason);
  }
}
