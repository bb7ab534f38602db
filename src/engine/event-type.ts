import { isToken } from "./names.ts";
import { subjectCovers } from "./subject-match.ts";
import { InvalidNameError } from "./usage-errors.ts";

/** What the types of Millrace's own events begin with: `millrace.run.crashed`, `millrace.trigger.stopped`. */
export const OWN_TYPES = "millrace.";
export const RUN_TYPES = `${OWN_TYPES}run.`;

/** Longest type of an application's event, in characters: it stands in a subject and in the name of a step. */
export const MAX_EVENT_TYPE = 120;

/**
 * Gives the type of an application's event back: `order.created`, tokens with dots between them.
 * @throws {@link InvalidNameError} also for types that are Millrace's own.
 */
export function checkEventType(type: unknown): string {
  const isSound = typeof type === "string" && type.length <= MAX_EVENT_TYPE && TYPE.test(type);
  if (!isSound) {
    const rule = `use letters, digits, _ and -, with dots between, ${MAX_EVENT_TYPE} characters at most`;
    throw new InvalidNameError("An event's type", type, rule);
  }
  if (!`${type}.`.startsWith(OWN_TYPES)) return type;
  throw new InvalidNameError(
    "An event's type",
    type,
    "what begins with millrace. is Millrace's own",
  );
}

/** True for text that may stand where event types are chosen: tokens with dots between them, `*` for any one, `>` at the end for the rest. */
export function isTypePattern(value: unknown): value is string {
  if (typeof value !== "string" || value.length > MAX_PATTERN) return false;
  const tokens = value.split(".");
  return tokens.every(
    (token, at) => token === "*" || (token === ">" && at === tokens.length - 1) || isToken(token),
  );
}

/** Whether an event's type is one of those that a pattern means. Wildcards at the start mean applications' events only. */
export function typeMatches(pattern: string, type: string): boolean {
  if (type.startsWith(OWN_TYPES) !== pattern.startsWith(OWN_TYPES)) return false;
  return subjectCovers(pattern, type);
}

const TYPE = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const MAX_PATTERN = 256;
