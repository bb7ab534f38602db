import type { TriggerSpec } from "../engine/trigger-spec.ts";

/** A trigger that stands in code, to be served beside the flows: made by `trigger()`. */
export interface Trigger {
  readonly kind: "trigger";
  readonly name: string;
  readonly spec: TriggerSpec;
}
