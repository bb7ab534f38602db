import { CancelledError } from "../engine/flow-errors.ts";
import type { Asked, Outcome } from "../engine/journal.ts";
import { parseRunId } from "../engine/run-id.ts";
import { valueOf } from "../history/outcome-value.ts";
import { decodeError } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";
import type { OpenedPayloads } from "./opened-payloads.ts";

/**
 * What a command gives to the flow that asked for it. A signal comes as its payload: whether that makes sense is seen by its
 * receiver.
 * @throws what the flow is to see thrown.
 */
export function commandValue(
  { kind }: Pick<Asked, "kind">,
  outcome: Outcome,
  run: { readonly id: string; readonly cancelReason: string; readonly payloads: OpenedPayloads },
): unknown {
  const { payloads } = run;
  switch (outcome.type) {
    case "output": {
      const plain = payloads.take(outcome.output);
      return kind === "receive" ? plain : decodeValue(plain);
    }
    case "due":
      return undefined;
    case "submitted":
      return outcome.runId;
    case "closed": {
      const { runId, outcome: end } = outcome.closed;
      return valueOf(parseRunId(runId).id, payloads.outcome(end));
    }
    case "error":
      throw decodeError(payloads.take(outcome.error));
    case "cancelled":
      throw new CancelledError(run.id, run.cancelReason);
  }
}
