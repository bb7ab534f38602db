import { EmbeddedError } from "../embedded/embedded-error.ts";
import {
  MillraceError,
  PayloadUnreadableError,
  QueryError,
  RunFailedError,
  TriggerInvalidError,
} from "../index.ts";
import { CliError } from "./cli-error.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import type { ExitCode } from "./exit-codes.ts";
import { errorRecord, jsonText } from "./json-of.ts";
import { printableLines } from "./printable.ts";
import { errorLines } from "./render-error.ts";
import { expressionErrorLines } from "./render-expression-error.ts";
import { queryErrorLines } from "./render-query-error.ts";
import type { Terminal } from "./terminal.ts";

/** Says on stderr what went wrong, for people or as one JSON document, and gives the exit code. */
export function reportError(terminal: Terminal, error: unknown): ExitCode {
  const exitCode = exitCodeOf(error);
  if (terminal.json) terminal.note(jsonText({ error: describe(error, exitCode) }));
  else for (const line of humanLines(terminal, error)) terminal.note(line);
  return exitCode;
}

function describe(error: unknown, exitCode: ExitCode): object {
  if (!(error instanceof Error)) return { code: "INTERNAL", message: String(error), exitCode };
  const { name: _, code, message, stack, ...rest } = errorRecord(error);
  if (!isExpected(error)) return { code: "INTERNAL", message, exitCode, ...rest, stack };
  return { code, message, exitCode, ...rest };
}

function humanLines(terminal: Terminal, error: unknown): readonly string[] {
  const { red, bold, dim } = terminal.noteColors;
  if (!isExpected(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [`${bold(red("unexpected error:"))} ${printableLines(text)}`];
  }
  const first = `${bold(red("error:"))} ${printableLines(error.message)}`;
  if (error instanceof PayloadUnreadableError) {
    return [first, "On the command line: --payloads <file>, which exports what connect() takes."];
  }
  if (error instanceof TriggerInvalidError && error.expression !== undefined) {
    return [first, ...expressionErrorLines(error.expression, red)];
  }
  if (error instanceof QueryError) {
    return [first, ...queryErrorLines(error, terminal.noteColors.red)];
  }
  if (error.cause === undefined) return [first];
  // Where a flow threw matters; where a connection was refused inside a library does not.
  const stacks = error instanceof RunFailedError || error instanceof CliError;
  return [first, ...errorLines(error.cause, { dim, stacks, lead: "caused by: " })];
}

function isExpected(error: unknown): error is Error {
  return [MillraceError, EmbeddedError, CliError].some((known) => error instanceof known);
}
