import type { Renumbered } from "../../archive/merged-frame.ts";
import { RunNotForkableError } from "../../engine/fork-errors.ts";
import { COPIED } from "../../engine/input.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import type { RunRef } from "../../engine/run-id.ts";
import type { RecordedRun } from "../../history/recorded-run.ts";
import type { RunLog } from "../../ports/run-log.ts";
import { decodeInput, encodeInput } from "../../wire/input-codec.ts";
import type { Patience } from "../patience.ts";

/** Events of a history that name what its inbox held. */
type Folded = Extract<RunEvent, { type: "InputFolded" }>;

/** True for an input that says something to the flow: requests to stop, and to be told, are the origin's alone. */
export function isCopied({ kind }: Folded): boolean {
  return kind !== "cancel" && kind !== "watch";
}

/**
 * Puts the inputs that these events name into the fork's inbox, and gives where they are now. Put there again they do no harm: a
 * history names its own.
 * @throws {@link RunNotForkableError} when one is gone, {@link BrokerError}
 */
export async function copyInputs(
  log: RunLog,
  { inbox, submission }: RecordedRun,
  events: readonly RunEvent[],
  to: {
    readonly run: RunRef;
    readonly queue: string;
    readonly request: string;
    readonly patience: Patience;
  },
): Promise<Renumbered> {
  const { run, queue, request, patience } = to;
  const stored = new Map(inbox.map((message) => [message.sequence, message.data]));
  const now = new Map<number, number>();
  for (const event of events) {
    if (event.type !== "InputFolded" || !isCopied(event)) continue;
    const data = stored.get(event.sequence);
    const decoded = data === undefined ? undefined : decodeInput(data);
    if (decoded?.kind !== "ok") {
      const what = `the ${event.kind} ${event.name} is gone from its inbox.`;
      throw new RunNotForkableError(submission.runId, what);
    }
    // An id of its own: the end of another run that is told again is news to the fork, if it was not copied.
    const inputId = `${COPIED}${request}/${decoded.value.inputId}`;
    const copy = encodeInput({ ...decoded.value, inputId });
    now.set(event.sequence, await patience.ask(() => log.put(run, queue, copy)));
  }
  return now;
}

/** The events with their inputs named where they are now. */
export function renumbered(events: readonly RunEvent[], inputs: Renumbered): readonly RunEvent[] {
  return events.map((event) =>
    event.type === "InputFolded" ? { ...event, sequence: inputs.get(event.sequence) ?? 0 } : event,
  );
}
