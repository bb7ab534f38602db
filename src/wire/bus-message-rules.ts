import { isPrintable } from "../engine/names.ts";
import { InvalidNameError, InvalidOptionError } from "../engine/usage-errors.ts";

/**
 * Refuses what no broker may be sent: a subject that is a pattern, a header that would end the line it stands on.
 * @throws {@link InvalidNameError} for the subject; {@link InvalidOptionError} for headers and id.
 */
export function checkNewMessage({ subject, headers, id }: Addressed): void {
  checkLiteral("A subject", subject);
  if (id !== undefined) checkValue("id", id);
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!HEADER_NAME.test(name)) {
      throw new InvalidOptionError("headers", name, "use letters, digits, _ and - in names");
    }
    if (/^nats-/i.test(name)) {
      throw new InvalidOptionError("headers", name, "names with Nats- are the broker's own");
    }
    checkValue(`headers.${name}`, value);
  }
}

/** The same for a message that is stored later. @throws as {@link checkNewMessage} does. */
export function checkMessageOrder(
  order: Addressed & { readonly target: string; readonly at: number },
): void {
  checkNewMessage(order);
  checkLiteral("A target", order.target);
  if (!Number.isFinite(order.at)) {
    throw new InvalidOptionError("at", order.at, "give milliseconds since 1970");
  }
}

/** Refuses a retention that no broker keeps. @throws {@link InvalidOptionError} */
export function checkRetention(retention: {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}): void {
  const { maxAgeMs, maxBytes } = retention;
  if (!Number.isInteger(maxAgeMs / 1_000) || maxAgeMs < 0) {
    throw new InvalidOptionError("maxAgeMs", maxAgeMs, "give whole seconds in milliseconds, or 0");
  }
  if (!Number.isInteger(maxBytes) || maxBytes < 0) {
    throw new InvalidOptionError("maxBytes", maxBytes, "give a whole number of bytes, or 0");
  }
}

/** Refuses a filter that matches nothing or is no subject. @throws {@link InvalidNameError} */
export function checkFilter(what: string, subject: string): void {
  const tokens = subject.split(".");
  const isFilter = tokens.every((token, at) =>
    token === ">" ? at === tokens.length - 1 : token === "*" || LITERAL.test(token),
  );
  if (!isFilter || !isPrintable(subject) || subject.length > MAX_SUBJECT) {
    throw new InvalidNameError(
      what,
      subject,
      "use tokens between dots, * for any one, > for a rest",
    );
  }
}

interface Addressed {
  readonly subject: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: string;
}

function checkLiteral(what: string, subject: string): void {
  const isLiteral =
    isPrintable(subject) && subject.split(".").every((token) => LITERAL.test(token));
  if (!isLiteral || subject.length > MAX_SUBJECT) {
    throw new InvalidNameError(what, subject, "use tokens between dots, without space, * and >");
  }
}

function checkValue(option: string, value: string): void {
  // A line break would begin a header of the value's own making.
  if (/[\r\n\0]/.test(value)) {
    throw new InvalidOptionError(option, value, "use a text without line breaks");
  }
}

const HEADER_NAME = /^[A-Za-z0-9_-]+$/;
/** One token: nothing that separates, ends or generalises. */
const LITERAL = /^[^\s.*>]+$/;
/** A broker's limit for a whole protocol line is 4 KiB. */
const MAX_SUBJECT = 2_048;
