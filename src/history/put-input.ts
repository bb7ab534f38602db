import type { InputBody } from "../engine/input.ts";
import type { RunRef } from "../engine/run-id.ts";
import { sortableId } from "../engine/sortable-id.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { encodeInput } from "../wire/input-codec.ts";

/**
 * Puts an input into a run's inbox. Resolves when it is durable. An `inputId` of one's own makes it safe to put it again:
 * it is folded once.
 * @throws {@link BrokerError} when that is not confirmed.
 */
export async function putInput(
  parts: { readonly broker: Broker; readonly clock: Clock },
  run: RunRef,
  queue: string,
  body: InputBody,
  inputId?: string,
): Promise<number> {
  return parts.broker.log.put(run, queue, inputBytes(parts.clock, body, inputId));
}

/** An input as it stands in an inbox. */
export function inputBytes(clock: Clock, body: InputBody, inputId?: string): Uint8Array {
  const sentAt = clock.now();
  return encodeInput({ inputId: inputId ?? sortableId(sentAt, Math.random), sentAt, body });
}
