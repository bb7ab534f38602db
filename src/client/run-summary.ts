import type { Progress } from "../engine/annotations.ts";
import type { Attributes, AttributeValue } from "../engine/attributes.ts";
import type { RunId } from "../engine/run-id.ts";
import type { RunStatus } from "../engine/run-status.ts";

/** A run as a search finds it: what the projection keeps of it, behind the log by an instant. */
export interface RunSummary {
  readonly id: RunId;
  readonly flow: string;
  readonly key: string;
  readonly queue: string;
  readonly status: RunStatus;
  /** True once it has ended. */
  readonly closed: boolean;
  /** The run that submitted it from its flow, if one did. */
  readonly parent: string | undefined;
  /** The first run of its family: its own id for a run without parent. */
  readonly root: string;
  /** 0 for a run without parent. */
  readonly depth: number;
  readonly submittedAt: Date;
  /** Not to be started before, if that was asked for. */
  readonly startAt: Date | undefined;
  /** Cancelled if it has not ended by then, if that was asked for. */
  readonly deadlineAt: Date | undefined;
  readonly startedAt: Date | undefined;
  /** When something last happened to it. */
  readonly updatedAt: Date;
  readonly closedAt: Date | undefined;
  /** Activations so far; 0 while nobody took it up. */
  readonly epoch: number;
  /** How often a worker died on it, all told; and since it last made progress. */
  readonly takeOvers: number;
  readonly crashes: number;
  /** The worker that holds it, or empty. */
  readonly worker: string;
  /** The flow's own version, as it last ran; empty for none. */
  readonly version: string;
  /** When the broker wakes it, if it is suspended until a time. */
  readonly wakeAt: Date | undefined;
  /** What a suspended run waits for. */
  readonly waitingFor: readonly string[];
  /** Tags of its submission, and those that its flow added. */
  readonly tags: readonly string[];
  readonly attributes: Attributes;
  readonly progress: Progress | undefined;
  /** Why it is set aside, if it is parked. */
  readonly parked: string | undefined;
  /** Why it is to stop, if somebody asked for that. */
  readonly cancelReason: string | undefined;
  /** What it failed with. */
  readonly error: ErrorSummary | undefined;
  /** True when its history is in the archive, and no longer in the log. */
  readonly archived: boolean;
}

/** What a run failed with, in short. */
export interface ErrorSummary {
  readonly name: string;
  /** Cut at 1,000 characters. */
  readonly message: string;
  /** The same for errors that differ only in numbers, ids and quoted values: 16 hex digits. */
  readonly fingerprint: string;
}

/** A run as servers tell of it: times in ISO 8601, and nothing where there is nothing to tell. */
export interface RunJson {
  readonly id: string;
  readonly flow: string;
  readonly key: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly closed: boolean;
  readonly parent?: string;
  readonly root: string;
  readonly depth: number;
  readonly submittedAt: string;
  readonly startAt?: string;
  readonly deadlineAt?: string;
  readonly startedAt?: string;
  readonly updatedAt: string;
  readonly closedAt?: string;
  readonly epoch: number;
  readonly takeOvers: number;
  readonly crashes: number;
  readonly worker?: string;
  readonly version?: string;
  readonly wakeAt?: string;
  readonly waits: readonly string[];
  readonly tags: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeJson>>;
  readonly progress?: Progress;
  readonly parked?: string;
  readonly cancelReason?: string;
  readonly error?: ErrorSummary;
  readonly archived: boolean;
}

/** A time stands in an object, for text may look like one. */
export type AttributeJson = string | number | boolean | { readonly time: string };

export function summaryOf(json: RunJson): RunSummary {
  const { waits, attributes, worker = "", version = "", ...facts } = json;
  return {
    ...facts,
    id: json.id as RunId,
    worker,
    version,
    waitingFor: waits,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)]),
    ),
    submittedAt: new Date(json.submittedAt),
    updatedAt: new Date(json.updatedAt),
    startAt: dateOf(json.startAt),
    deadlineAt: dateOf(json.deadlineAt),
    startedAt: dateOf(json.startedAt),
    closedAt: dateOf(json.closedAt),
    wakeAt: dateOf(json.wakeAt),
    parent: json.parent,
    progress: json.progress,
    parked: json.parked,
    cancelReason: json.cancelReason,
    error: json.error,
  };
}

function attributeOf(json: AttributeJson): AttributeValue {
  return typeof json === "object" ? new Date(json.time) : json;
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
