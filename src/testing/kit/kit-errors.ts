import { MillraceError } from "../../engine/millrace-error.ts";

/** What a test waits for does not come by itself: the message says what the run waits for, and what to do. */
export class TestStuckError extends MillraceError {
  readonly code = "TEST_STUCK";
  /** The run that was waited for. */
  readonly run: string;

  constructor(run: string, what: string) {
    super(what);
    this.run = run;
  }
}

/** A crash that a test asked for has not happened, so the test has not shown what it seems to show. */
export class CrashNotReachedError extends MillraceError {
  readonly code = "CRASH_NOT_REACHED";

  constructor(place: string, seen: readonly string[]) {
    const steps = seen.length === 0 ? "no step was executed" : `executed were ${seen.join(", ")}`;
    super(`The worker was to crash ${place}, and it never came to that: ${steps}.`);
  }
}

/** A run ended in another way when a worker crashed once: the message says where, and shows both histories. */
export class CrashChangesRunError extends MillraceError {
  readonly code = "CRASH_CHANGES_RUN";
  /** Where the worker crashed, such as `after write 4 (StepCompleted charge#1)`. */
  readonly crash: string;
  readonly actual: string;
  readonly expected: string;

  constructor(crash: string, what: string, { actual, expected }: Compared) {
    super(what);
    this.crash = crash;
    this.actual = actual;
    this.expected = expected;
  }
}

interface Compared {
  readonly actual: string;
  readonly expected: string;
}
