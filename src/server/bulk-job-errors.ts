import { MillraceError } from "../engine/millrace-error.ts";

/** No bulk job has this id, or it is older than seven days. */
export class BulkJobNotFoundError extends MillraceError {
  readonly code = "BULK_JOB_NOT_FOUND";

  constructor(id: string) {
    super(
      `There is no bulk job ${JSON.stringify(id.slice(0, 60))}. They are kept for seven days after their last change.`,
    );
  }
}

/** More jobs are kept than one look can show. */
export class TooManyBulkJobsError extends MillraceError {
  readonly code = "TOO_MANY_BULK_JOBS";

  constructor(limit: number) {
    super(
      `There are ${limit} bulk jobs already, and no more are kept. Put more runs into one query, or wait: a job goes seven days after its last change.`,
    );
  }
}
