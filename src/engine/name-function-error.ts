import { MillraceError } from "./millrace-error.ts";

/** The `key`, `stepName` or `attributesOf` of a flow or task threw for an input. Nothing was sent; the cause is kept. */
export class NameFunctionError extends MillraceError {
  readonly code = "NAME_FUNCTION_FAILED";

  constructor(option: string, subject: string, cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(
      `The ${option} of ${subject} cannot be made of this input: ${message}. Nothing was sent; let its function accept every input.`,
      { cause },
    );
  }
}
