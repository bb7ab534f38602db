import type { WakeInput } from "../engine/input.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { putInput } from "./put-input.ts";

/** Puts a wake into a run's inbox, in the queue where it is to wait. Resolves when it is durable. */
export async function putWake(
  parts: { readonly broker: Broker; readonly clock: Clock },
  run: RunRef,
  waitsIn: string,
  wake: Omit<WakeInput, "type">,
): Promise<void> {
  await putInput(parts, run, waitsIn, { type: "Wake", ...wake });
}
