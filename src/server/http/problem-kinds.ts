/** What a problem's code means over HTTP. */
export interface ProblemKind {
  readonly status: number;
  /** The same for every problem of this code. */
  readonly title: string;
  /** Sent as `Retry-After`: the same request may succeed after so many seconds. */
  readonly retryAfterSeconds?: number;
}

/** Every problem that the API answers with, by its code: those of `MillraceError`s and the API's own. */
export const PROBLEM_KINDS: Readonly<Record<string, ProblemKind>> = Object.freeze({
  // The API's own.
  REQUEST_INVALID: { status: 400, title: "The request does not match the API's schema" },
  BODY_NOT_JSON: { status: 400, title: "The body is not JSON" },
  BAD_REQUEST: { status: 400, title: "The request is not HTTP as this server reads it" },
  UNAUTHENTICATED: { status: 401, title: "A valid token is needed" },
  HOOK_UNVERIFIED: { status: 401, title: "It is not signed by whoever the hook is for" },
  FORBIDDEN: { status: 403, title: "The token does not allow this" },
  HOST_NOT_ALLOWED: { status: 403, title: "This server is not known by that name" },
  ROUTE_NOT_FOUND: { status: 404, title: "There is nothing at this address" },
  BULK_JOB_NOT_FOUND: { status: 404, title: "There is no such job" },
  DEAD_LETTER_NOT_FOUND: { status: 404, title: "There is no such dead letter" },
  WEBHOOK_NOT_FOUND: { status: 404, title: "There is no such webhook" },
  HOOK_NOT_FOUND: { status: 404, title: "There is no such hook" },
  TOKEN_NOT_FOUND: { status: 404, title: "There is no such token" },
  METHOD_NOT_ALLOWED: { status: 405, title: "This address does not take that method" },
  REQUEST_TIMEOUT: { status: 408, title: "The request did not arrive in time" },
  BODY_TOO_LARGE: { status: 413, title: "The body is too large" },
  URL_TOO_LONG: { status: 414, title: "The address is too long" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "The body has to be JSON" },
  TOO_MANY_BULK_JOBS: { status: 429, title: "There are too many jobs" },
  RATE_LIMITED: { status: 429, title: "Too many requests" },
  HEADERS_TOO_LARGE: { status: 431, title: "The headers are too large" },
  INTERNAL: { status: 500, title: "An error in Millrace itself" },
  NOT_READY: { status: 503, title: "This server is not ready", retryAfterSeconds: 2 },
  STOPPING: { status: 503, title: "This server is stopping", retryAfterSeconds: 1 },
  TOO_SLOW: { status: 503, title: "The answer took too long", retryAfterSeconds: 5 },
  TOO_MANY_STREAMS: { status: 503, title: "Too many live streams", retryAfterSeconds: 5 },
  // What was asked for cannot be.
  INVALID_CURSOR: { status: 400, title: "The page cannot be continued" },
  INVALID_NAME: { status: 400, title: "A name, key or id is not allowed" },
  INVALID_DURATION: { status: 400, title: "That is not a duration" },
  INVALID_OPTION: { status: 400, title: "An option cannot have this value" },
  INVALID_TRIGGER: { status: 400, title: "A trigger is not right" },
  INVALID_EXPRESSION: { status: 400, title: "An expression cannot be understood" },
  INVALID_QUERY: { status: 400, title: "The query cannot be understood" },
  INPUT_INVALID: { status: 400, title: "A value does not match its schema" },
  NOT_SERIALIZABLE: { status: 400, title: "A value cannot be stored" },
  ATTRIBUTE_INVALID: { status: 400, title: "A search attribute cannot have this value" },
  NAME_FUNCTION_FAILED: { status: 400, title: "No name can be made of the input" },
  CONCURRENCY_KEY: { status: 400, title: "No concurrency key can be made of the input" },
  CACHE_KEY: { status: 400, title: "No cache key can be made of the input" },
  PAYLOAD_TOO_LARGE: { status: 413, title: "A value is too large" },
  // The run's state does not allow it.
  RUN_NOT_ARCHIVED: { status: 404, title: "The run is not in the archive" },
  TRIGGER_NOT_FOUND: { status: 404, title: "There is no such trigger" },
  SCHEDULE_NOT_FOUND: { status: 404, title: "There is no such schedule" },
  RUN_NOT_FOUND: { status: 404, title: "There is no such run" },
  EVENT_NOT_FOUND: { status: 404, title: "The run has no such event" },
  RUN_EXISTS: { status: 409, title: "The key is taken" },
  RUN_CLOSED: { status: 409, title: "The run has ended" },
  RUN_IMPORTED: { status: 409, title: "The run was imported, and never goes on" },
  RUN_ARCHIVED: { status: 409, title: "The run is in the archive" },
  RUN_NOT_FORKABLE: { status: 409, title: "The run cannot be forked there" },
  RUN_NOT_RESTORABLE: { status: 409, title: "The run cannot be put back" },
  RUN_NOT_RESUMABLE: { status: 409, title: "The run cannot be resumed" },
  DEAD_LETTER_NOT_REPLAYABLE: { status: 409, title: "The dead letter cannot be replayed" },
  SETTINGS_MISMATCH: { status: 409, title: "It exists with other settings" },
  // What is stored cannot be read here.
  ARCHIVE_FILE_ERROR: { status: 422, title: "A file of the archive cannot be used" },
  BLOB_MISSING: { status: 422, title: "A large value is missing in its store" },
  BLOB_DAMAGED: { status: 422, title: "A large value is damaged" },
  CODEC_ERROR: { status: 422, title: "A value cannot be decoded" },
  PAYLOAD_UNREADABLE: { status: 422, title: "This server cannot read the value" },
  // Something that the server needs is away.
  BROKER_ERROR: { status: 503, title: "The broker does not answer", retryAfterSeconds: 2 },
  BLOB_STORE_ERROR: { status: 503, title: "The blob store does not answer", retryAfterSeconds: 5 },
  NO_ANSWER: { status: 503, title: "Nobody answers that question", retryAfterSeconds: 2 },
  TOO_MANY_QUESTIONS: { status: 503, title: "Too many questions at once", retryAfterSeconds: 2 },
  FEED_BROKEN: { status: 503, title: "The broker's log cannot be read", retryAfterSeconds: 5 },
  DATABASE_UNREACHABLE: {
    status: 503,
    title: "The database does not answer",
    retryAfterSeconds: 5,
  },
  FOREIGN_DATABASE: { status: 503, title: "The database is not one of Millrace's" },
  NEWER_SCHEMA: { status: 503, title: "The database is of a newer version" },
  VIEW_OUTDATED: { status: 503, title: "The view has to be rebuilt" },
  VIEW_GONE: { status: 503, title: "The view was replaced", retryAfterSeconds: 1 },
  VIEW_DAMAGED: { status: 503, title: "The view has to be rebuilt" },
  CONNECTION_CLOSED: { status: 503, title: "This server is stopping", retryAfterSeconds: 1 },
  NAMESPACE_CHANGED: { status: 503, title: "Partitions were added: this server is stopping" },
});

/**
 * Codes of errors that are thrown elsewhere: in runs, when a server starts, at those who ask over the broker or hold a
 * bundle, and in tests.
 */
export const CODES_OF_OTHERS: readonly string[] = Object.freeze([
  "BUNDLE_TOO_LARGE",
  "BUNDLE_UNREADABLE",
  "CANCELLED",
  "COMPENSATION_FAILED",
  "CONTEXT_CLOSED",
  "CRASH_CHANGES_RUN",
  "CRASH_NOT_REACHED",
  "DEPTH_LIMIT",
  "FLOW_NOT_DETERMINISTIC",
  "LEASE_LOST",
  "OUTPUT_INVALID",
  "QUESTION_REFUSED",
  "REDACTION_FAILED",
  "RESULT_TIMEOUT",
  "RETRY_AFTER",
  "RUN_CANCELLED",
  "RUN_CRASHED",
  "RUN_FAILED",
  "RUN_NOT_ENDED",
  "RUN_NOT_IMPORTABLE",
  "SERVER_UNPROTECTED",
  "STEP_TIMEOUT",
  "TEST_STUCK",
]);
