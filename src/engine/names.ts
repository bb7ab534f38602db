import { InvalidNameError } from "./usage-errors.ts";

/** Longest name of a step, in characters. */
export const MAX_STEP_NAME = 128;

const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;

/** True for text that may stand as one token of a subject. */
export function isToken(value: unknown): value is string {
  return typeof value === "string" && TOKEN.test(value);
}

/**
 * Gives the name back if it may stand in a subject: flows, tasks, queues and namespaces.
 * @throws {@link InvalidNameError}
 */
export function checkToken(what: string, value: unknown): string {
  if (isToken(value)) return value;
  throw new InvalidNameError(what, value, "use 1 to 128 letters, digits, _ or -");
}

/**
 * Gives the name of a step or timer back. It never reaches a subject, so any text goes but `#`, which ends the name in a
 * step's id, and control characters.
 * @throws {@link InvalidNameError}
 */
export function checkStepName(value: unknown): string {
  const ok = typeof value === "string" && value !== "" && value.length <= MAX_STEP_NAME;
  if (ok && isPrintable(value) && !value.includes("#")) return value;
  throw new InvalidNameError(
    "A step's name",
    value,
    `use 1 to ${MAX_STEP_NAME} characters without # and control characters`,
  );
}

/** True when the text holds no control character and no half of a surrogate pair. */
export function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
    if (code < 0xd800 || code > 0xdfff) continue;
    const next = text.charCodeAt(at + 1);
    if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
    at++;
  }
  return true;
}
