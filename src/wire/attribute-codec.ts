import {
  type Attributes,
  type AttributeValue,
  isAttribute,
  MAX_ATTRIBUTES,
} from "../engine/attributes.ts";
import type { millrace } from "./generated/millrace.js";

type WireValue = millrace.v1.AttributeValue.$Properties;

/** Search attributes as they stand in a message. */
export function attributesToWire(attributes: Attributes): Record<string, WireValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, valueToWire(value)]),
  );
}

/** Those of a message. What no version of Millrace writes, by its name or value, is passed over (I11). */
export function attributesOf(
  wire: Readonly<Record<string, WireValue>> | null | undefined,
): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  let count = 0;
  for (const [name, held] of Object.entries(wire ?? {})) {
    const value = valueOf(held);
    if (!isAttribute(name, value) || count === MAX_ATTRIBUTES) continue;
    attributes[name] = value;
    count++;
  }
  return attributes;
}

function valueToWire(value: AttributeValue): WireValue {
  if (typeof value === "string") return { text: value };
  if (typeof value === "number") return { number: value };
  return typeof value === "boolean" ? { flag: value } : { time: value.getTime() };
}

function valueOf({ text, number, flag, time }: WireValue): unknown {
  if (typeof text === "string") return text;
  if (typeof number === "number") return number;
  if (typeof flag === "boolean") return flag;
  return typeof time === "number" ? new Date(time) : undefined;
}
