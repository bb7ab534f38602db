import { causeDepth } from "../../engine/cause.ts";
import {
  CAUSE_TRIGGER,
  type CloudEvent,
  RUN_EVENT_SCHEMA,
  type RunEventData,
} from "../../engine/cloud-event.ts";
import { isPlain, type Payload } from "../../engine/payload.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import type { RunStatus } from "../../engine/run-status.ts";
import { readErrorText } from "../../wire/error-codec.ts";
import type { RunFacts } from "./run-facts.ts";

/** The event that tells of a run's status (docs/events.md). `events`: of the frame that says so, none for a submission. */
export function runStatusEvent(
  place: { readonly id: string; readonly source: string },
  facts: RunFacts & { readonly status: RunStatus },
  previous: RunStatus | undefined,
  events: readonly RunEvent[],
): CloudEvent<RunEventData> {
  const { run, status, queue, epoch, parent, root, metadata } = facts;
  const happenedAt = events.at(-1)?.at ?? facts.submittedAt;
  const submittedAt = facts.submittedAt === 0 ? (events[0]?.at ?? 0) : facts.submittedAt;
  const depth = causeDepth(metadata);
  const { traceparent, [CAUSE_TRIGGER]: trigger } = metadata;
  return {
    specversion: "1.0",
    ...place,
    type: `millrace.run.${status}`,
    subject: run.id,
    time: isoOf(happenedAt),
    datacontenttype: "application/json",
    dataschema: RUN_EVENT_SCHEMA,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(depth === 0 ? {} : { millracedepth: depth }),
    data: {
      run: run.id,
      flow: run.flow,
      key: run.key,
      queue,
      status,
      ...(previous === undefined ? {} : { previous }),
      tags: facts.addedTags.length === 0 ? facts.tags : [...facts.tags, ...facts.addedTags],
      attributes: attributesOf(facts),
      metadata,
      epoch,
      ...(parent === "" ? {} : { parent }),
      root,
      ...whyOf(events),
      submittedAt: isoOf(submittedAt),
      ...(trigger === undefined ? {} : { trigger }),
    },
  };
}

/** What the last telling event of a frame says of the reason. */
function whyOf(events: readonly RunEvent[]): Pick<RunEventData, "error" | "reason"> {
  for (const event of events.toReversed()) {
    const why = whyIn(event);
    if (why !== undefined) return why;
  }
  return {};
}

function whyIn(event: RunEvent): Pick<RunEventData, "error" | "reason"> | undefined {
  switch (event.type) {
    case "Failed":
      return { ...errorOf(event.error), ...reason(event.step === "" ? "" : `step ${event.step}`) };
    case "StepAttemptFailed":
      return {
        ...errorOf(event.error),
        ...reason(`attempt ${event.attempt} of step ${event.step}`),
      };
    case "Crashed":
      return reason(`${event.crashes} crashes`);
    case "Cancelled":
    case "CancelRequested":
    case "Parked":
    case "Activated":
      return reason(event.reason);
    case "Suspended":
      return reason(event.waits.join(", "));
    case "Released":
      return reason("released");
    case "Completed":
      return {};
    default:
      return undefined;
  }
}

/** Neither blobs nor codecs: what somebody encrypted is not told. */
function errorOf(error: Payload): Pick<RunEventData, "error"> {
  const text = isPlain(error) && error.encoding === "error" ? readErrorText(error) : undefined;
  if (text === undefined) return {};
  const { name, message, code } = text;
  return {
    error: {
      name: cut(name, MAX_NAME),
      message: cut(message, MAX_TEXT),
      ...(code === undefined ? {} : { code: cut(code, MAX_NAME) }),
    },
  };
}

function reason(text: string): Pick<RunEventData, "reason"> {
  return text === "" ? {} : { reason: cut(text, MAX_TEXT) };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (cut)` : text;
}

const MAX_NAME = 256;
const MAX_TEXT = 2_000;

function attributesOf({ attributes }: RunFacts): RunEventData["attributes"] {
  const shown = Object.entries(attributes).map(
    ([name, value]) => [name, value instanceof Date ? value.toISOString() : value] as const,
  );
  return Object.fromEntries(shown);
}

/** What stands in a message may be no time at all. */
function isoOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
