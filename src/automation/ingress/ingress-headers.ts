import type { SubmitOptions } from "../../definition/submit-options.ts";
import { CAUSE_DEPTH, CAUSE_TRIGGER } from "../../engine/cloud-event.ts";
import type { Duration } from "../../engine/duration.ts";
import type { Priority } from "../../engine/priority.ts";
import { RefusedMessage } from "./refused-message.ts";

/** The headers of a message as the bus gives them: all values, by name in lower case. */
export type Headers = ReadonlyMap<string, readonly string[]>;

/**
 * Refuses what begins with `Millrace-` and means nothing here: a publisher who asks for something that this version does not
 * know, or who misspelt it, is told so.
 * @throws {@link RefusedMessage}
 */
export function checkHeaders(headers: Headers, kind: keyof typeof KNOWN): void {
  for (const name of headers.keys()) {
    if (!name.startsWith("millrace-") || KNOWN[kind].includes(name)) continue;
    const shown = shownName(name);
    throw new RefusedMessage(
      Object.values(KNOWN).some((known) => known.includes(name))
        ? `header ${shown} means nothing for a ${kind}`
        : `header ${shown} is not known`,
    );
  }
}

/** @throws {@link RefusedMessage} when it was given several times with different values. */
export function single(headers: Headers, name: string): string | undefined {
  const values = new Set((headers.get(name) ?? []).map((value) => value.trim()));
  if (values.size > 1) throw new RefusedMessage(`header ${shownName(name)} has several values`);
  const [value] = values;
  return value === "" ? undefined : value;
}

/** What the headers say, not checked in full. @throws {@link RefusedMessage} */
export function optionsOfHeaders(headers: Headers): Omit<SubmitOptions, "key" | "ifExists"> {
  const tags = (headers.get("millrace-tags") ?? [])
    .flatMap((value) => value.split(","))
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  const metadata = metadataOf(headers);
  const at = single(headers, "millrace-at");
  const delay = single(headers, "millrace-delay");
  const deadline = single(headers, "millrace-deadline");
  const queue = single(headers, "millrace-queue");
  const priority = single(headers, "millrace-priority");
  if (at !== undefined && delay !== undefined) {
    throw new RefusedMessage("it has the headers Millrace-At and Millrace-Delay: give one of them");
  }
  return {
    ...(tags.length === 0 ? {} : { tags }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(at === undefined ? {} : { at: timeOf("Millrace-At", at) }),
    ...(delay === undefined ? {} : { delay: durationOf(delay) }),
    ...(deadline === undefined ? {} : { deadline: deadlineOf(deadline) }),
    ...(queue === undefined ? {} : { queue }),
    // Whether it is one is checked where every priority is.
    ...(priority === undefined ? {} : { priority: priority as Priority }),
  };
}

const FOR_ALL: readonly string[] = ["millrace-key", "millrace-replay"];
const KNOWN = {
  submit: [
    ...FOR_ALL,
    "millrace-tags",
    "millrace-delay",
    "millrace-at",
    "millrace-queue",
    "millrace-priority",
    "millrace-deadline",
    "millrace-depth",
    "millrace-trigger",
  ],
  signal: FOR_ALL,
  cancel: [...FOR_ALL, "millrace-reason"],
} as const satisfies Record<string, readonly string[]>;

/** The trace goes on in the run; what a trigger's firing led to stays known as that. One that is no trace is no reason to refuse work. */
function metadataOf(headers: Headers): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = {};
  const [traceparent = ""] = headers.get("traceparent") ?? [];
  if (TRACEPARENT.test(traceparent)) metadata["traceparent"] = traceparent;
  const depth = single(headers, "millrace-depth");
  if (depth !== undefined) {
    if (!/^\d{1,4}$/.test(depth)) throw new RefusedMessage("header Millrace-Depth is no number");
    metadata[CAUSE_DEPTH] = depth;
  }
  const trigger = single(headers, "millrace-trigger");
  if (trigger !== undefined) metadata[CAUSE_TRIGGER] = trigger;
  return metadata;
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-[!-~]{1,64})?$/;

/** Text with a unit, or milliseconds: whether it is a duration is checked where every duration is. */
function durationOf(text: string): Duration {
  return /^\d+$/.test(text) ? Number(text) : (text as Duration);
}

function deadlineOf(text: string): Date | Duration {
  return RFC_3339.test(text) ? timeOf("Millrace-Deadline", text) : durationOf(text);
}

function timeOf(header: string, text: string): Date {
  const time = new Date(
    /^\d+$/.test(text) ? Number(text) : RFC_3339.test(text) ? text : Number.NaN,
  );
  if (Number.isFinite(time.getTime())) return time;
  throw new RefusedMessage(
    `header ${header} is ${JSON.stringify(text.slice(0, 60))}: give a time such as 2030-01-31T08:00:00Z`,
  );
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/i;

function shownName(name: string): string {
  const words = name.slice(0, 60).split("-");
  return JSON.stringify(
    words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("-"),
  ).slice(1, -1);
}
