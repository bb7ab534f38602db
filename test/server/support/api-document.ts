import { Compile } from "typebox/schema";
import { openApiDocument } from "../../../src/server/http/openapi-document.ts";

/** The parts of the OpenAPI document that tests are made of. */
export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

export interface DocumentedOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly DocumentedParameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

export interface DocumentedParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: object;
}

type Content = Readonly<Record<string, { readonly schema: object }>>;

/** An operation with its place. */
export interface Operation extends DocumentedOperation {
  readonly method: string;
  readonly path: string;
}

export const DOCUMENT = (await openApiDocument()) as ApiDocument;

export const OPERATIONS: readonly Operation[] = Object.entries(DOCUMENT.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, documented]) => ({
      ...documented,
      method: method.toUpperCase(),
      path,
    })),
);

/** The scope that an operation needs; nothing for one that is open to all. */
export function scopeOf({ security = [] }: DocumentedOperation): string | undefined {
  return security[0]?.["token"]?.[0];
}

/** The operation that answers at a place: a literal path goes before one with a parameter. */
export function operationAt(method: string, pathname: string): Operation | undefined {
  return OPERATIONS.filter(
    (one) => one.method === method && patternOf(one.path).test(pathname),
  ).toSorted((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
}

function patternOf(path: string): RegExp {
  const literal = path.replaceAll(".", "\\.");
  return new RegExp(`^${literal.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`);
}

/** A path with its parameters in it, as it stands in an address. */
export function fill(path: string, parameters: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? "x"),
  );
}

const DEFS = Object.fromEntries(
  Object.entries(DOCUMENT.components.schemas).map(([name, schema]) => [name, local(schema)]),
);
const compiled = new Map<object, ReturnType<typeof Compile>>();

/** What in an answer is not as the document says; nothing when all is. */
export function mismatches(
  { operationId, responses }: Operation,
  status: number,
  type: string,
  body: unknown,
): readonly string[] {
  const documented = responses[String(status)];
  if (documented === undefined) return [`${operationId}: ${status} is not documented`];
  const [media = ""] = type.split(";", 1);
  const schema = documented.content?.[media]?.schema;
  if (schema === undefined) return [`${operationId} ${status}: ${media} is not documented`];
  const check = compiled.get(schema) ?? Compile({ $defs: DEFS, ...local(schema) });
  compiled.set(schema, check);
  const [, errors] = check.Errors(body);
  return errors.map(
    ({ instancePath, message }) => `${operationId} ${status} ${instancePath} ${message}`,
  );
}

/** With its references to components as references to definitions of its own. */
function local(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/"),
  ) as object;
}
