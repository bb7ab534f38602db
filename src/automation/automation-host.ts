import type { Logger } from "pino";
import type { Millrace } from "../client/millrace.ts";
import type { AnyDefinition } from "../definition/definition.ts";
import type { ScheduleSpec } from "../engine/schedule-spec.ts";
import type { TriggerSpec } from "../engine/trigger-spec.ts";
import type { Clock } from "../ports/clock.ts";

/** What the parts of a worker's automation need: each is made by a function of its own that takes this. */
export interface AutomationHost {
  readonly millrace: Millrace;
  readonly clock: Clock;
  readonly log: Logger;
  /** The worker's id: unique among all, and a token. */
  readonly worker: string;
  /** The flows and tasks that this worker serves, by name. */
  readonly definitions: ReadonlyMap<string, AnyDefinition>;
  /** What the code beside them declares. */
  readonly triggers: readonly TriggerSpec[];
  readonly schedules: readonly ScheduleSpec[];
}

/** Something that runs beside a worker until it is stopped. */
export interface AutomationPart {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}
