import type { RecordedRun } from "../history/recorded-run.ts";
import { placedEvents } from "../history/resolve-address.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { RecordedEvent } from "./run-handle.ts";
import { ShownPayloads } from "./shown-payloads.ts";

/** The events of a run that was read, as {@link RunHandle.events} tells them: those after a stream sequence. */
export async function* recordedEvents(
  { frames }: RecordedRun,
  payloads: Payloads,
  from: number,
): AsyncGenerator<RecordedEvent> {
  const shown = new ShownPayloads(payloads);
  const epochs = new Map(frames.map(({ sequence, epoch }) => [sequence, epoch]));
  for (const { event, place } of placedEvents(frames)) {
    const { event: number, sequence, inFrame: index } = place;
    if (sequence <= from) continue;
    const epoch = epochs.get(sequence) ?? 0;
    yield { ...(await shown.event(event)), number, sequence, index, epoch };
  }
}
