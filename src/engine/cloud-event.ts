import type { RunStatus } from "./run-status.ts";

/**
 * A CloudEvents 1.0 event as it stands on the events stream: JSON in structured mode. The public contract of what Millrace tells
 * of (docs/events.md).
 */
export interface CloudEvent<Data = unknown> {
  readonly specversion: "1.0";
  /** Together with `source` unique: whoever sees the same pair twice has seen one event twice. */
  readonly id: string;
  /** `/millrace/<namespace>` for run and system events; who emitted it otherwise. */
  readonly source: string;
  /** `millrace.run.<status>`, `millrace.<what>` for system events, or an application's own type such as `order.created`. */
  readonly type: string;
  /** What it is about: a run's id for run events. */
  readonly subject?: string;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype?: "application/json";
  readonly dataschema?: string;
  /** W3C trace context, the distributed tracing extension. */
  readonly traceparent?: string;
  /** How many trigger firings led to it, one after the other: 0 or absent for none. An extension of Millrace. */
  readonly millracedepth?: number;
  readonly data: Data;
}

/** What a run event carries: `dataschema` is `urn:millrace:run-event:1`. */
export interface RunEventData {
  readonly run: string;
  readonly flow: string;
  readonly key: string;
  readonly queue: string;
  readonly status: RunStatus;
  /** The status before, or nothing when it was just submitted. */
  readonly previous?: RunStatus;
  readonly tags: readonly string[];
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Without its long values where the event would not fit into a message; then without tags and attributes, too. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The activation: 0 before the first. */
  readonly epoch: number;
  readonly parent?: string;
  readonly root: string;
  /** Why it failed, crashed or was cancelled. */
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
  readonly reason?: string;
  /** RFC 3339. */
  readonly submittedAt: string;
  /** The trigger firing that submitted it, if one did. */
  readonly trigger?: string;
}

export const RUN_EVENT_SCHEMA = "urn:millrace:run-event:1";

/** Metadata of a run that a trigger's firing, or a run of one, led to. Children and emitted events inherit it. */
export const CAUSE_DEPTH = "millrace.depth";
export const CAUSE_TRIGGER = "millrace.trigger";
