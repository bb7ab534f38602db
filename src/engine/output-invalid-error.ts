import { MillraceError } from "./millrace-error.ts";

/** What a flow or task gave back does not match the schema that it declares for its output. Nothing of it was recorded. */
export class OutputInvalidError extends MillraceError {
  readonly code = "OUTPUT_INVALID";
  readonly subject: string;
  readonly issues: readonly string[];

  constructor(subject: string, issues: readonly string[]) {
    super(
      `The output of ${subject} does not match its schema: ${issues.join("; ")}. ` +
        "Correct the code or the schema, then resume the run.",
    );
    this.subject = subject;
    this.issues = issues;
  }

  override get fatal(): boolean {
    return true;
  }
}
