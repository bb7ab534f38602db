import type { Attributes } from "../index.ts";

/** Search attributes for people: `customer=ann, amount=42, due=2026-05-04T00:00:00.000Z`. */
export function attributeText(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${value instanceof Date ? value.toISOString() : value}`)
    .join(", ");
}
