import { AttributeInvalidError } from "../engine/attribute-invalid-error.ts";
import {
  type Attributes,
  type AttributesOf,
  type AttributeTypes,
  attributeTypeOf,
  checkAttributes,
  isAttributeName,
  MAX_ATTRIBUTES,
} from "../engine/attributes.ts";
import { NameFunctionError } from "../engine/name-function-error.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";

/** Makes the values of search attributes of an input. Called again in replays: the same input must give the same values. */
export type AttributesFunction<Wire, Declared extends AttributeTypes = AttributeTypes> = (
  input: Wire,
) => AttributesOf<Declared>;

/** @throws {@link InvalidOptionError} */
export function checkAttributeTypes(declared: AttributeTypes): AttributeTypes {
  const entries = Object.entries(declared);
  if (entries.length > MAX_ATTRIBUTES) {
    throw new InvalidOptionError("attributes", entries.length, `declare at most ${MAX_ATTRIBUTES}`);
  }
  for (const [name, type] of entries) {
    if (!isAttributeName(name)) {
      throw new InvalidOptionError("attributes", name, "use 1 to 128 letters, digits, _ or -");
    }
    if (!TYPES.includes(type)) {
      throw new InvalidOptionError(`attributes.${name}`, type, `give ${TYPES.join(", ")}`);
    }
  }
  return declared;
}

const TYPES: readonly string[] = ["text", "number", "boolean", "date"];

/**
 * The search attributes that a run of a definition has from the start: those that its flow makes of the input as it was
 * given, overwritten by those that the submitter names. What the flow does not declare is refused.
 * @throws {@link NameFunctionError}, {@link AttributeInvalidError}
 */
export function attributesFromInput(
  definition: Declaring | string,
  input: unknown,
  given: Attributes = {},
): Attributes {
  const name = typeof definition === "string" ? definition : definition.name;
  const kind = typeof definition === "string" ? "flow" : definition.kind;
  const subject = `${kind} ${name}`;
  if (typeof definition === "string" || definition.kind === "task") {
    return checkAttributes(subject, given);
  }
  const { attributes, attributesOf } = definition;
  const made = attributesOf === undefined ? {} : valuesOf(subject, attributesOf, input);
  return checkAttributes(subject, { ...made, ...given }, attributes);
}

function valuesOf(
  subject: string,
  fn: AttributesFunction<never>,
  input: unknown,
): Readonly<Record<string, unknown>> {
  let values: unknown;
  try {
    values = (fn as (input: unknown) => unknown)(input);
  } catch (error) {
    throw new NameFunctionError("attributesOf", subject, error);
  }
  if (typeof values === "object" && values !== null && attributeTypeOf(values) === undefined) {
    return values as Readonly<Record<string, unknown>>;
  }
  throw new AttributeInvalidError(subject, "", "attributesOf gives an object of them");
}

/** What of a definition is read here. */
type Declaring =
  | {
      readonly kind: "flow";
      readonly name: string;
      readonly attributes: AttributeTypes;
      readonly attributesOf: AttributesFunction<never> | undefined;
    }
  | { readonly kind: "task"; readonly name: string };
