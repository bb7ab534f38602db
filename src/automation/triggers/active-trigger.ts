import type { TriggerRecord } from "../../engine/trigger-spec.ts";
import type { CompiledTrigger } from "../../expressions/compiled-trigger.ts";

/** A trigger as its record says it, ready to be asked about events. */
export interface ActiveTrigger {
  readonly name: string;
  readonly record: TriggerRecord;
  readonly compiled: CompiledTrigger;
}

/** Acts on a trigger's events until it is stopped. */
export interface TriggerRunner {
  /** Resolves when nothing of it is under way any more. What it did not finish is handed out again, to anybody. */
  stop(): Promise<void>;
}
