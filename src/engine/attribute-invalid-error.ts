import { MillraceError } from "./millrace-error.ts";

/** A search attribute is not declared by its flow, has a value that cannot be searched, or is one too many. */
export class AttributeInvalidError extends MillraceError {
  readonly code = "ATTRIBUTE_INVALID";
  /** Whose it is: `flow checkout`, `run checkout:order-42`. */
  readonly subject: string;
  readonly attribute: string;

  constructor(subject: string, attribute: string, rule: string, options?: { cause: unknown }) {
    const name = attribute.length > 60 ? `${attribute.slice(0, 57)}...` : attribute;
    super(
      `Search attribute ${JSON.stringify(name)} of ${subject} is not accepted: ${rule}.`,
      options,
    );
    this.subject = subject;
    this.attribute = attribute;
  }

  override get fatal(): boolean {
    return true;
  }
}
