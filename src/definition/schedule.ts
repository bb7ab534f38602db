import type { ScheduleSpec } from "../engine/schedule-spec.ts";

/** A schedule that stands in code, to be served beside its flow: made by `schedule()`. */
export interface Schedule {
  readonly kind: "schedule";
  readonly name: string;
  readonly spec: ScheduleSpec;
}
