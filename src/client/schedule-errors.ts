import { MillraceError } from "../engine/millrace-error.ts";

/** There is no schedule of this name: it was never put, or it was removed. */
export class ScheduleNotFoundError extends MillraceError {
  readonly code = "SCHEDULE_NOT_FOUND";

  constructor(name: string) {
    super(`There is no schedule ${name}. See which there are: millrace schedules list`);
  }
}
