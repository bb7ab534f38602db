import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import { ApiError } from "./problem.ts";

/**
 * Checks a part of a request by its schema. What stands in an address is text: it is read as the number or boolean that the
 * schema wants. A body is taken as it is.
 */
export const validatorOf: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema);
  return (given: unknown) => {
    const value = httpPart === "body" ? given : Value.Convert(schema, given);
    if (check.Check(value)) return { value };
    return { error: invalid(httpPart ?? "request", check.Errors(value)) };
  };
};

interface Mismatch {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly message: string;
  readonly params: object;
}

function invalid(part: string, mismatches: readonly Mismatch[]): ApiError {
  const errors = mismatches
    // Said once more, with the names, by `additionalProperties`.
    .filter(({ keyword }) => keyword !== "boolean")
    .slice(0, MOST_TOLD)
    .map(({ instancePath, message, params }) => ({
      pointer: `${PART_NAMES[part] ?? part}${instancePath}`,
      detail: `${message}${extra(params)}`,
    }));
  const [first] = errors;
  const detail = first === undefined ? part : `${first.pointer}: ${first.detail}`;
  return new ApiError("REQUEST_INVALID", `${detail}.`, { errors });
}

const MOST_TOLD = 10;
const MOST_NAMED = 5;
const PART_NAMES: Readonly<Record<string, string>> = { params: "path", querystring: "query" };

/** Which properties, and which values there may be. */
function extra(params: object): string {
  const { additionalProperties, requiredProperties, allowedValue, allowedValues } =
    params as Partial<Record<string, unknown>>;
  const named = additionalProperties ?? requiredProperties ?? allowedValues ?? allowedValue;
  if (named === undefined) return "";
  const names = [named].flat().slice(0, MOST_NAMED);
  return `: ${names.map((name) => JSON.stringify(name).slice(0, 64)).join(", ")}`;
}
