import { InvalidNameError } from "./usage-errors.ts";

/** What the types of Millrace's own events begin with. */
export const OWN_TYPES = "millrace.";

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

const TYPE = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
