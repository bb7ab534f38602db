import { type Frame, isActive } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { putWake } from "./put-wake.ts";

/**
 * Wakes a run when the worker that is said to hold it does not. Tells whether its head says that it is held; bytes that
 * cannot be understood say nothing, and count as held.
 */
export async function askAfterHolder(
  host: { readonly broker: Broker; readonly clock: Clock },
  run: RunRef,
): Promise<"active" | "inactive"> {
  const { broker } = host;
  const head = await broker.log.head(run);
  if (head === undefined) return "inactive";
  const decoded = decodeFrame(head.data);
  if (decoded.kind !== "ok") return "active";
  const { status, writer, token, epoch, queue }: Frame = decoded.value;
  if (!isActive(status)) return "inactive";
  const answer = await broker.peers.asks(writer, {
    run: run.id,
    partition: head.partition,
    token,
    epoch,
  });
  if (answer === "gone") {
    await putWake(host, run, queue, { replaces: [token], resume: false, queue });
  }
  return "active";
}
