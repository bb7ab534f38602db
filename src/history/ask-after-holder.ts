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
  if (!isActive(decoded.value.status)) return "inactive";
  await wakeIfAbandoned(host, run, head.partition, decoded.value);
  return "active";
}

/** The same of a run whose head is known and active. Tells whether it was woken. */
export async function wakeIfAbandoned(
  host: { readonly broker: Broker; readonly clock: Clock },
  run: RunRef,
  partition: number,
  { writer, token, epoch, queue }: Frame,
): Promise<boolean> {
  const held = { run: run.id, partition, token, epoch };
  if ((await host.broker.peers.asks(writer, held)) !== "gone") return false;
  await putWake(host, run, queue, { replaces: [token], resume: false, queue });
  return true;
}
