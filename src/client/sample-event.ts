import type { CloudEvent } from "../engine/cloud-event.ts";
import { RUN_TYPES } from "../engine/event-type.ts";
import type { TriggerSource, TriggerSpec } from "../engine/trigger-spec.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";

/**
 * An event to try a trigger with: what is given stays, and what is missing of a CloudEvent is made up so that it could come from
 * what the trigger is on.
 * @throws {@link InvalidOptionError}
 */
export function sampleEvent(given: unknown, { on }: TriggerSpec, now: number): CloudEvent {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new InvalidOptionError(
      "event",
      given,
      'give an event such as { "data": { "total": 7 } }',
    );
  }
  const event = given as Partial<CloudEvent>;
  for (const name of ["id", "source", "type", "subject", "time"] as const) {
    const value: unknown = event[name];
    if (value === undefined || typeof value === "string") continue;
    throw new InvalidOptionError(`event.${name}`, value, "it is text");
  }
  const type = event.type ?? typeOf(on);
  const data = type.startsWith(RUN_TYPES) ? runData(event.data, type) : (event.data ?? null);
  const subject = event.subject ?? subjectOf(on, data);
  return {
    ...event,
    specversion: "1.0",
    id: event.id ?? "sample",
    source: event.source ?? "/sample",
    type,
    time: event.time ?? new Date(now).toISOString(),
    ...(subject === undefined ? {} : { subject }),
    data,
  };
}

function typeOf(on: TriggerSource): string {
  switch (on.kind) {
    case "run":
      return `${RUN_TYPES}${on.statuses[0] ?? ""}`;
    case "event":
      return (on.types[0] ?? "").replaceAll(/[*>]/g, "sample");
    case "subject":
      return on.subject.replaceAll(/[*>]/g, "sample");
    case "stream":
      return (on.subject ?? "sample").replaceAll(/[*>]/g, "sample");
  }
}

function subjectOf(on: TriggerSource, data: unknown): string | undefined {
  if (on.kind !== "run") return on.kind === "event" ? undefined : typeOf(on);
  return String((data as { readonly run: unknown }).run);
}

/** What all run events say. */
function runData(given: unknown, type: string): unknown {
  const data = (typeof given === "object" ? given : {}) as Readonly<Record<string, unknown>>;
  const id = typeof data["run"] === "string" ? data["run"] : "sample:sample";
  const [named = "sample", key = "sample"] = id.split(":", 2);
  const flow = typeof data["flow"] === "string" ? data["flow"] : named;
  const run = `${flow}:${key}`;
  return {
    run,
    flow,
    key,
    queue: flow,
    status: type.slice(RUN_TYPES.length),
    tags: [],
    attributes: {},
    metadata: {},
    epoch: 1,
    root: run,
    ...data,
  };
}
