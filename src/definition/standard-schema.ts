import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InputInvalidError } from "../engine/flow-errors.ts";

/**
 * The value as the schema gives it back.
 * @throws {@link InputInvalidError} with each issue and its path.
 */
export async function validate(
  subject: string,
  schema: StandardSchemaV1 | undefined,
  value: unknown,
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw new InputInvalidError(subject, result.issues.map(issueText));
}

function issueText(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  return path.length === 0 ? issue.message : `${path.join(".")}: ${issue.message}`;
}
