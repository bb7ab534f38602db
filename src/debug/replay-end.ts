import { isDeepStrictEqual } from "node:util";
import { isClosed } from "../engine/frame.ts";
import type { PlainPayload } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { readErrorText } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";

/** How a flow's function ended in a replay: as a worker would have recorded it. */
export type ReplayEnd = RunOutcome<PlainPayload>;

/**
 * How the recorded end of a run differs from the one of a replay that was shown all of it; nothing when they agree, or when
 * there is nothing to compare: the run is open, or was ended by somebody else than its flow.
 */
export function endsDiffer(
  { frames }: Pick<RecordedRun, "frames">,
  recorded: RunOutcome<PlainPayload> | undefined,
  replayed: ReplayEnd | undefined,
  asksFor: () => string,
): { readonly recorded: string; readonly replayed: string } | undefined {
  const last = frames.at(-1);
  if (recorded === undefined || last === undefined || !isClosed(last.status)) return undefined;
  // A worker that counts crashes, or a client that terminates, does not ask the flow.
  if (recorded.status === "crashed" || last.writer.startsWith("client-")) return undefined;
  // The flow of a run that was cancelled before its function was ever called had no say in it.
  const mayBeUncalled = frames.every(({ events }) => events.every(isBeforeAnyCommand));
  if (recorded.status === "cancelled" && mayBeUncalled) return undefined;
  if (replayed === undefined) {
    return { recorded: endText(recorded), replayed: `has not ended: it asks for ${asksFor()}` };
  }
  if (isSameEnd(recorded, replayed)) return undefined;
  return { recorded: endText(recorded), replayed: endText(replayed) };
}

/** How a run ended, in a few words. */
export function endText(end: RunOutcome<PlainPayload>): string {
  switch (end.status) {
    case "completed": {
      const text = valueText(end.output);
      return text === "" ? "completed" : `completed with ${text}`;
    }
    case "failed": {
      const at = end.step === "" ? "" : ` at ${end.step}`;
      const { name, message } = readErrorText(end.error) ?? UNREADABLE;
      return `failed${at} with ${name}: ${message}`;
    }
    case "crashed":
      return `crashed: ${end.crashes} workers died`;
    case "cancelled":
      return end.reason === "" ? "cancelled" : `cancelled: ${end.reason}`;
  }
}

const UNREADABLE = { name: "Error", message: "it cannot be read" };

function isSameEnd(one: RunOutcome<PlainPayload>, other: RunOutcome<PlainPayload>): boolean {
  if (one.status === "completed" && other.status === "completed") {
    return isSameValue(one.output, other.output);
  }
  if (one.status === "failed" && other.status === "failed") {
    const isSameError = isDeepStrictEqual(readErrorText(one.error), readErrorText(other.error));
    return isSameError && one.step === other.step;
  }
  return one.status === other.status;
}

function isSameValue(one: PlainPayload, other: PlainPayload): boolean {
  if (one.encoding === other.encoding && Buffer.compare(one.data, other.data) === 0) return true;
  return isDeepStrictEqual(decodeValue(one), decodeValue(other));
}

function isBeforeAnyCommand({ type }: RunEvent): boolean {
  return BEFORE_COMMANDS.has(type);
}

const BEFORE_COMMANDS: ReadonlySet<string> = new Set([
  "Activated",
  "Annotated",
  "InputFolded",
  "CancelRequested",
  "Cancelled",
]);

function valueText(payload: PlainPayload): string {
  try {
    const value = decodeValue(payload);
    if (value === undefined) return "";
    const text = JSON.stringify(value) ?? typeof value;
    return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
  } catch {
    return "a value that cannot be read";
  }
}

const MAX_VALUE = 200;
