import { type Duration, toMilliseconds } from "./duration.ts";
import { MillraceError } from "./millrace-error.ts";

/** Throw this in a task or flow to fail at once: whatever the retry policy says, it is never retried. */
export class FatalError extends MillraceError {
  readonly code: string;
  readonly details: unknown;

  constructor(code: string, message: string, details?: unknown, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** Throw this in a task to set the delay before its next attempt, in place of the policy's. It still uses up an attempt. */
export class RetryAfter extends MillraceError {
  readonly code = "RETRY_AFTER";
  readonly delayMs: number;

  constructor(delay: Duration, message?: string, options?: { cause?: unknown }) {
    super(message ?? `Asked to be tried again after ${delay}.`, options);
    this.delayMs = toMilliseconds(delay);
  }
}

/** One attempt of a step ran longer than its `timeout`; its `AbortSignal` was aborted with this error. */
export class StepTimeoutError extends MillraceError {
  readonly code = "STEP_TIMEOUT";
  readonly step: string;
  readonly timeoutMs: number;

  constructor(step: string, timeoutMs: number) {
    super(
      `Step ${step} did not finish within ${timeoutMs} ms. Raise its timeout, or make it stop when its signal aborts.`,
    );
    this.step = step;
    this.timeoutMs = timeoutMs;
  }
}

/** A value did not match the schema that the flow or task declares for its input. */
export class InputInvalidError extends MillraceError {
  readonly code = "INPUT_INVALID";
  readonly subject: string;
  readonly issues: readonly string[];

  constructor(subject: string, issues: readonly string[]) {
    super(`The input of ${subject} does not match its schema: ${issues.join("; ")}.`);
    this.subject = subject;
    this.issues = issues;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** The function that gives the key by which a flow's runs are limited threw, or gave no text. Its `cause` says more. */
export class ConcurrencyKeyError extends MillraceError {
  readonly code = "CONCURRENCY_KEY";

  constructor(run: string, options: { cause: unknown }) {
    super(
      `concurrency.key gave no key for run ${run}. Make it give text for every input that the schema accepts.`,
      options,
    );
  }

  override get fatal(): boolean {
    return true;
  }
}

/** The function that gives a task's cache key threw, or gave no text. Its `cause` says more. */
export class CacheKeyError extends MillraceError {
  readonly code = "CACHE_KEY";

  constructor(task: string, options: { cause: unknown }) {
    super(
      `cache.key of task ${task} gave no key. Make it give text for every input that the schema accepts.`,
      options,
    );
  }

  override get fatal(): boolean {
    return true;
  }
}

/** A value cannot be stored: it is a function, a symbol, or an instance of a class. */
export class NotSerializableError extends MillraceError {
  readonly code = "NOT_SERIALIZABLE";
  readonly path: string;

  constructor(what: string, path: string, reason: string) {
    super(`${what} cannot be stored: ${path} is ${reason}. Return or pass plain data instead.`);
    this.path = path;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** A value is larger than one message may be. */
export class PayloadTooLargeError extends MillraceError {
  readonly code = "PAYLOAD_TOO_LARGE";
  readonly sizeBytes: number;
  readonly limitBytes: number;

  constructor(what: string, sizeBytes: number, limitBytes: number) {
    super(
      `${what} takes ${sizeBytes} bytes, and at most ${limitBytes} fit in one message. ` +
        "Make it smaller, or store the data elsewhere and pass a reference to it.",
    );
    this.sizeBytes = sizeBytes;
    this.limitBytes = limitBytes;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** A flow used its context after it had returned or thrown: a promise was not awaited. */
export class ContextClosedError extends MillraceError {
  readonly code = "CONTEXT_CLOSED";

  constructor(run: string, what: string) {
    super(
      `${what} was called after run ${run} had ended or left this worker. Await every step before the flow returns.`,
    );
  }
}

/**
 * The run is to stop: somebody cancelled it, or its deadline has passed. What the flow awaits throws this once; it may clean
 * up, with its context, before it throws on.
 */
export class CancelledError extends MillraceError {
  readonly code = "CANCELLED";
  readonly runId: string;
  readonly reason: string;

  constructor(runId: string, reason: string) {
    super(`Run ${runId} is to stop${reason === "" ? "" : `: ${reason}`}.`);
    this.runId = runId;
    this.reason = reason;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** A family of runs is too deep: each one submits the next. */
export class DepthLimitError extends MillraceError {
  readonly code = "DEPTH_LIMIT";

  constructor(runId: string, limit: number) {
    super(
      `Run ${runId} is ${limit} levels below the first of its family and may not submit another. Look for a flow that submits itself without end.`,
    );
  }

  override get fatal(): boolean {
    return true;
  }
}

/**
 * A saga failed, and something that it had done could not be undone. `errors` holds first what brought the saga down, then
 * each compensation's own error.
 */
export class CompensationFailedError extends AggregateError {
  readonly code = "COMPENSATION_FAILED";
  readonly runId: string;

  constructor(runId: string, cause: unknown, failures: readonly unknown[]) {
    super(
      [cause, ...failures],
      `The saga of run ${runId} failed (${textOf(cause)}), and ${failures.length} of its steps could not be undone: ` +
        `${failures.map(textOf).join("; ")}. Undo by hand what they did.`,
    );
    this.runId = runId;
  }

  override get name(): string {
    return "CompensationFailedError";
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
