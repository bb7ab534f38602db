import type { RecordedFrame } from "../../engine/frame.ts";
import type { RunInput } from "../../engine/input.ts";
import type { RunRef } from "../../engine/run-id.ts";
import type { RunLog } from "../../ports/run-log.ts";
import { decodeInput } from "../../wire/input-codec.ts";

/** An input that a run's history does not know of. */
export interface UnfoldedInput extends RunInput {
  readonly sequence: number;
}

/** What is in a run's inbox and its history does not know of, in order. What cannot be read is left out. */
export async function unfoldedInputs(
  log: RunLog,
  run: RunRef,
  { queue, inboxFolded }: RecordedFrame,
): Promise<readonly UnfoldedInput[]> {
  const stored = await log.inbox(run, queue, inboxFolded);
  return stored.flatMap(({ data, sequence }) => {
    const decoded = decodeInput(data);
    return decoded.kind === "ok" ? [{ ...decoded.value, sequence }] : [];
  });
}
