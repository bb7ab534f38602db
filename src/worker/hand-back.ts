import type { RunRef } from "../engine/run-id.ts";
import { putWake } from "../history/put-wake.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Delivery } from "../ports/work-queue.ts";
import { decodeInput } from "../wire/input-codec.ts";
import type { KeptMessage } from "./kept-message.ts";

/**
 * Puts a wake in the place of a run's token, and of messages that were handed over: whoever gets it goes on with the run. They
 * are acked after the wake is in the inbox: between the two the token itself is still unacked (I4). Never throws; when the
 * wake is not confirmed, the token comes again when its lease is over.
 */
export async function handBack(
  host: { readonly broker: Broker; readonly clock: Clock },
  run: RunRef,
  queue: string,
  token: KeptMessage,
  messages: readonly KeptMessage[],
): Promise<void> {
  const named = messages.flatMap(({ delivery }) => standsFor(delivery));
  const replaces = [token.delivery.sequence, ...named];
  try {
    await putWake(host, run, token.delivery.queue, { replaces, resume: false, queue });
    token.ack();
    for (const message of messages) message.ack();
  } catch {
    token.drop();
  }
}

/** The tokens that a message stands for: itself, and those whose place it took. */
function standsFor({ sequence, data, kind }: Delivery): readonly number[] {
  const decoded = kind === "in" ? decodeInput(data) : undefined;
  const isWake = decoded?.kind === "ok" && decoded.value.body.type === "Wake";
  return isWake ? [sequence, ...decoded.value.body.replaces] : [sequence];
}
