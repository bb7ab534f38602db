import { AttributeInvalidError } from "./attribute-invalid-error.ts";
import { isPrintable, isToken } from "./names.ts";

/** What a run can be searched by, of the user's own making: a text, a number, a yes or no, a time. */
export type AttributeValue = string | number | boolean | Date;

/** Search attributes of a run, by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** The type that a flow declares for one of its search attributes. */
export type AttributeType = "text" | "number" | "boolean" | "date";

/** The search attributes that a flow declares. */
export type AttributeTypes = Readonly<Record<string, AttributeType>>;

/** What an attribute of a declared type holds. */
export type AttributeOf<Type extends AttributeType> = {
  readonly text: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly date: Date;
}[Type];

/** Values for some of the declared attributes: what is left out, or `undefined`, stays as it is. */
export type AttributesOf<Declared extends AttributeTypes> = {
  readonly [Name in keyof Declared]?: AttributeOf<Declared[Name]> | undefined;
};

/** Most attributes of a run. */
export const MAX_ATTRIBUTES = 32;

/** Longest text of an attribute, in bytes of UTF-8. */
const MAX_TEXT_BYTES = 256;

/** The last time that a `Date` can hold. */
const LAST_TIME = 8_640_000_000_000_000;

/** True for what may be an attribute's name: a token, as a flow's name is one. */
export function isAttributeName(name: string): boolean {
  return isToken(name) && name !== "__proto__";
}

/** The type of a value that may stand in an attribute; nothing for any other. */
export function attributeTypeOf(value: unknown): AttributeType | undefined {
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return Number.isFinite(value) ? "number" : undefined;
  if (typeof value === "string") {
    return isPrintable(value) && utf8Bytes(value) <= MAX_TEXT_BYTES ? "text" : undefined;
  }
  return isTime(value) ? "date" : undefined;
}

/**
 * Attributes as they are stored: names and values checked, against what is declared where that is known, and what is
 * `undefined` left out.
 * @param subject Whose they are, as errors say it: `flow checkout`.
 * @throws {@link AttributeInvalidError}
 */
export function checkAttributes(
  subject: string,
  given: Readonly<Record<string, unknown>>,
  declared?: AttributeTypes,
): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    checkAttribute(subject, name, value, declared);
    attributes[name] = value as AttributeValue;
  }
  checkAttributeCount(subject, Object.keys(attributes));
  return attributes;
}

/** @throws {@link AttributeInvalidError} when there are too many names. */
export function checkAttributeCount(subject: string, names: readonly string[]): void {
  if (names.length <= MAX_ATTRIBUTES) return;
  const name = names[MAX_ATTRIBUTES] ?? "";
  throw new AttributeInvalidError(subject, name, `a run has at most ${MAX_ATTRIBUTES}`);
}

/** True when a name and value that stand in a message may be shown and stored. */
export function isAttribute(name: string, value: unknown): value is AttributeValue {
  return isAttributeName(name) && attributeTypeOf(value) !== undefined;
}

function checkAttribute(
  subject: string,
  name: string,
  value: unknown,
  declared: AttributeTypes | undefined,
): void {
  if (!isAttributeName(name)) {
    throw new AttributeInvalidError(
      subject,
      name,
      "use 1 to 128 letters, digits, _ or - as its name",
    );
  }
  const wanted =
    declared === undefined || !Object.hasOwn(declared, name) ? undefined : declared[name];
  if (declared !== undefined && wanted === undefined) {
    const rule = `it is not declared: add it to the flow's attributes`;
    throw new AttributeInvalidError(subject, name, rule);
  }
  const type = attributeTypeOf(value);
  if (type !== undefined && (wanted === undefined || type === wanted)) return;
  throw new AttributeInvalidError(subject, name, wanted === undefined ? ANY_RULE : RULES[wanted]);
}

const RULES: Readonly<Record<AttributeType, string>> = {
  text: `give text of at most ${MAX_TEXT_BYTES} bytes without control characters`,
  number: "give a finite number",
  boolean: "give true or false",
  date: "give a Date from 1970 on",
};

const ANY_RULE = `give text of at most ${MAX_TEXT_BYTES} bytes without control characters, a finite number, true, false or a Date from 1970 on`;

function isTime(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Object.prototype.toString.call(value) !== "[object Date]") return false;
  const ms = Number(value);
  return ms >= 0 && ms <= LAST_TIME;
}

/** Of text without halves of surrogate pairs. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
