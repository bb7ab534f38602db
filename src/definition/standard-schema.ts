import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InputInvalidError } from "../engine/flow-errors.ts";
import { OutputInvalidError } from "../engine/output-invalid-error.ts";
import type { AnyDefinition } from "./definition.ts";

/**
 * The input as its schema gives it back.
 * @throws {@link InputInvalidError} with each issue and its path.
 */
export async function validate(
  subject: string,
  schema: StandardSchemaV1 | undefined,
  value: unknown,
): Promise<unknown> {
  return check(schema, value, (issues) => new InputInvalidError(subject, issues));
}

/**
 * The output as its schema gives it back: this is what is recorded.
 * @throws {@link OutputInvalidError} with each issue and its path.
 */
export async function validateOutput(
  { kind, name, output }: Pick<AnyDefinition, "kind" | "name" | "output">,
  value: unknown,
): Promise<unknown> {
  return check(output, value, (issues) => new OutputInvalidError(`${kind} ${name}`, issues));
}

async function check(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  refusal: (issues: readonly string[]) => Error,
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw refusal(result.issues.map(issueText));
}

function issueText(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  return path.length === 0 ? issue.message : `${path.join(".")}: ${issue.message}`;
}
