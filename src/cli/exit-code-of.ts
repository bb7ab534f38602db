import { EmbeddedError } from "../embedded/embedded-error.ts";
import { MillraceError } from "../index.ts";
import { CliError } from "./cli-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** The exit code for whatever ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof EmbeddedError) return EXIT.broker;
  if (error instanceof MillraceError) return BY_CODE.get(error.code) ?? EXIT.internal;
  return EXIT.internal;
}

const BY_CODE: ReadonlyMap<string, ExitCode> = new Map([
  ["RUN_FAILED", EXIT.runNotCompleted],
  ["RUN_CRASHED", EXIT.runNotCompleted],
  ["RUN_CANCELLED", EXIT.runNotCompleted],
  ["INVALID_NAME", EXIT.usage],
  ["INVALID_DURATION", EXIT.usage],
  ["INVALID_OPTION", EXIT.usage],
  ["INPUT_INVALID", EXIT.usage],
  ["INVALID_QUERY", EXIT.usage],
  ["INVALID_TRIGGER", EXIT.usage],
  ["INVALID_EXPRESSION", EXIT.usage],
  ["ATTRIBUTE_INVALID", EXIT.usage],
  ["NO_ANSWER", EXIT.broker],
  ["QUESTION_REFUSED", EXIT.refused],
  ["NOT_SERIALIZABLE", EXIT.usage],
  ["PAYLOAD_TOO_LARGE", EXIT.usage],
  ["SETTINGS_MISMATCH", EXIT.usage],
  ["NAMESPACE_CHANGED", EXIT.refused],
  ["SERVER_UNPROTECTED", EXIT.refused],
  ["TOKEN_NOT_FOUND", EXIT.notFound],
  ["RUN_NOT_FOUND", EXIT.notFound],
  ["EVENT_NOT_FOUND", EXIT.notFound],
  ["TRIGGER_NOT_FOUND", EXIT.notFound],
  ["SCHEDULE_NOT_FOUND", EXIT.notFound],
  ["WEBHOOK_NOT_FOUND", EXIT.notFound],
  ["HOOK_NOT_FOUND", EXIT.notFound],
  ["RESULT_TIMEOUT", EXIT.timeout],
  ["CODEC_ERROR", EXIT.refused],
  ["PAYLOAD_UNREADABLE", EXIT.refused],
  ["BLOB_MISSING", EXIT.refused],
  ["BLOB_DAMAGED", EXIT.refused],
  ["BLOB_STORE_ERROR", EXIT.broker],
  ["BROKER_ERROR", EXIT.broker],
  ["CONNECTION_CLOSED", EXIT.broker],
  ["DATABASE_UNREACHABLE", EXIT.broker],
  ["FOREIGN_DATABASE", EXIT.usage],
  ["NEWER_SCHEMA", EXIT.refused],
  ["VIEW_OUTDATED", EXIT.refused],
  ["RUN_EXISTS", EXIT.refused],
  ["RUN_CLOSED", EXIT.refused],
  ["RUN_NOT_RESUMABLE", EXIT.refused],
  ["DEAD_LETTER_NOT_FOUND", EXIT.notFound],
  ["DEAD_LETTER_NOT_REPLAYABLE", EXIT.refused],
  ["RUN_ARCHIVED", EXIT.refused],
  ["RUN_NOT_ARCHIVED", EXIT.refused],
  ["RUN_NOT_FORKABLE", EXIT.refused],
  ["RUN_NOT_RESTORABLE", EXIT.refused],
  ["ARCHIVE_FILE_ERROR", EXIT.refused],
  ["BUNDLE_UNREADABLE", EXIT.usage],
  ["BUNDLE_TOO_LARGE", EXIT.refused],
  ["REDACTION_FAILED", EXIT.refused],
  ["RUN_IMPORTED", EXIT.refused],
  ["RUN_NOT_ENDED", EXIT.refused],
  ["RUN_NOT_IMPORTABLE", EXIT.refused],
]);
