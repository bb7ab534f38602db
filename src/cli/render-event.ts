import { isPlain } from "../engine/payload.ts";
import type { Payload, RecordedEvent } from "../index.ts";
import { describePayload } from "../payloads/describe-payload.ts";
import { decodeError } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";
import { attributeText } from "./attribute-text.ts";
import { clockTime, humanDuration } from "./human-time.ts";
import { jsonText } from "./json-of.ts";
import { printable } from "./printable.ts";
import { progressText } from "./progress-text.ts";
import { headline } from "./render-error.ts";
import type { Colors } from "./terminal.ts";

/** An event for `--json`: its time as text, its payload decoded. */
export function eventRecord(event: RecordedEvent): object {
  const record: Record<string, unknown> = { ...event };
  for (const field of ["at", "startedAt", "retryAt", "fireAt"]) {
    if (typeof record[field] === "number") record[field] = new Date(record[field]).toISOString();
  }
  // 0 is no time: nothing but an input wakes it.
  if (event.type === "Suspended") record["wakeAt"] = timeOrNull(event.wakeAt);
  if ("output" in event) record["output"] = valueOf(event.output);
  if (event.type === "Annotated") {
    const values = Object.entries(event.exposed).map(([name, value]) => [name, valueOf(value)]);
    record["exposed"] = Object.fromEntries(values);
  }
  if ("error" in event) record["error"] = errorOf(event.error);
  return record;
}

function timeOrNull(ms: number): string | null {
  return ms === 0 ? null : new Date(ms).toISOString();
}

/** An event on one line: its number, the sequence of its frame, time, what happened. */
export function eventLine(event: RecordedEvent, colors: Colors): string {
  const number = `#${event.number}`.padStart(6);
  const sequence = colors.dim(String(event.sequence).padStart(8));
  const time = colors.dim(clockTime(new Date(event.at)));
  return `${number} ${sequence} ${time} ${colors.bold(event.type.padEnd(17))} ${printable(detailOf(event))}`;
}

function detailOf(event: RecordedEvent): string {
  switch (event.type) {
    case "Activated":
      return `activation ${event.epoch} on ${event.worker} (${event.reason})${versionText(event.version)}`;
    case "StepStarted":
      return `${event.step} attempt ${event.attempt}`;
    case "StepAttemptFailed":
      return `${event.step} attempt ${event.attempt} ${took(event)}: ${headline(errorOf(event.error))}; next ${clockTime(new Date(event.retryAt))}`;
    case "StepCompleted":
      return `${event.step} attempt ${event.attempt} ${took(event)} ${short(event.output)}`;
    case "StepFailed":
      return `${event.step} attempt ${event.attempt} ${took(event)}: ${headline(errorOf(event.error))}`;
    case "TimerSet":
      return `${event.timer} fires ${new Date(event.fireAt).toISOString()}`;
    case "TimerFired":
      return event.timer;
    case "InputFolded":
      return `${event.kind} ${event.name}`.trimEnd();
    case "Suspended":
      return event.waits.length === 0 ? "" : `waits for ${event.waits.join(", ")}`;
    case "CancelRequested":
      return event.reason;
    case "ChildSubmitted":
      return `${event.child} is ${event.runId}${CLOSE_TEXT[event.onParentClose]}`;
    case "Annotated":
      return annotationText(event);
    case "Patched":
      return event.patch;
    case "Parked":
      return `${event.reason} at ${event.step}: expected ${event.expected}, asked for ${event.asked}`;
    case "Resumed":
      return event.retry.length === 0 ? "" : `tries again: ${event.retry.join(", ")}`;
    case "Completed":
      return short(event.output);
    case "Failed":
      return `${event.step === "" ? "" : `at ${event.step}: `}${headline(errorOf(event.error))}`;
    case "Crashed":
      return `${event.crashes} workers died`;
    case "Cancelled":
      return event.reason;
    case "Archived":
      return `${new Date(event.archivedAt).toISOString()} to ${event.file.key} in ${event.file.store}`;
    case "Forked":
      return `from ${event.origin} after its event ${event.event}${setText(event.set)}`;
    case "Released":
      return "";
    case "Unknown":
      return "written by a newer Millrace";
  }
}

function versionText(version: string): string {
  return version === "" ? "" : `, version ${version}`;
}

function setText(set: readonly string[]): string {
  return set.length === 0 ? "" : `, with another outcome of ${set.join(", ")}`;
}

const CLOSE_TEXT = {
  "": "",
  cancel: ", cancelled when this run closes",
  abandon: ", left alone when this run closes",
} as const;

function annotationText(event: Extract<RecordedEvent, { type: "Annotated" }>): string {
  const { progress, tags, attributes, exposed } = event;
  const parts: string[] = [];
  if (progress !== undefined) parts.push(progressText(progress));
  if (tags.length > 0) parts.push(`tags ${tags.join(", ")}`);
  const searched = attributeText(attributes);
  if (searched !== "") parts.push(`attributes ${searched}`);
  parts.push(...Object.entries(exposed).map(([name, value]) => `${name}=${short(value)}`));
  return parts.join("; ");
}

function took(event: { readonly at: number; readonly startedAt: number }): string {
  return `(${humanDuration(Math.max(0, event.at - event.startedAt))})`;
}

const MAX_SHOWN = 100;

/** A payload in a few words; empty when there is no value. */
export function short(payload: Payload): string {
  const value = valueOf(payload);
  const text = value === undefined ? "" : jsonText(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** The error that a payload holds, or where it is. */
export function errorOf(payload: Payload): unknown {
  return isPlain(payload) ? decodeError(payload) : describePayload(payload);
}

/** The value that a payload holds, or where it is. */
export function valueOf(payload: Payload): unknown {
  try {
    return isPlain(payload) ? decodeValue(payload) : describePayload(payload);
  } catch (error) {
    return `[unreadable: ${String(error)}]`;
  }
}
