import { ExpressionError } from "../engine/expression-error.ts";

/**
 * What CEL gave, as plain JSON and as a copy. Integers become numbers where a number holds them exactly.
 * @throws {@link ExpressionError} for what JSON cannot say, and for more of it than `limit` characters.
 */
export function plainJsonOf(value: unknown, expression: string, limit: number): unknown {
  let left = limit;
  const refuse = (reason: string): never => {
    throw new ExpressionError(expression, { problem: "wrong-result", reason, at: 0, length: 1 });
  };
  const take = (characters: number): void => {
    left -= characters;
    if (left < 0) refuse(`The result is larger than ${limit} characters`);
  };
  const convert = (part: unknown, depth: number): unknown => {
    take(4);
    switch (typeof part) {
      case "string":
        take(part.length);
        return part;
      case "boolean":
        return part;
      case "number":
        return Number.isFinite(part) ? part : refuse(`The result ${part} cannot stand in JSON`);
      case "bigint":
        return numberOf(part) ?? refuse(`${part} is too large for a JSON number: use string(…)`);
      case "object":
        break;
      default:
        return refuse("The result has a part without a value");
    }
    if (part === null) return null;
    if (depth >= MAX_DEPTH) return refuse(`The result is nested deeper than ${MAX_DEPTH}`);
    if (Array.isArray(part)) return part.map((one) => convert(one, depth + 1));
    if (part instanceof Date) return part.toISOString();
    if (part instanceof Uint8Array) return refuse("The result has bytes in it: use base64()");
    if (!isPlain(part)) return ofClass(part, depth);
    return Object.fromEntries(
      Object.entries(part).map(([key, one]) => {
        take(key.length);
        return [key, convert(one, depth + 1)];
      }),
    );
  };
  /** Unsigned integers, durations and optional values are the library's own classes; a type has no value. */
  const ofClass = (part: object, depth: number): unknown => {
    const tag = (part as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
    if (tag === "optional") return convert((part as Maybe).orValue(null), depth + 1);
    if (tag === "google.protobuf.Duration") return (part as Duration).toString();
    const inner: unknown = part.valueOf();
    return typeof inner === "bigint" ? convert(inner, depth) : refuse("The result is no value");
  };
  return convert(value, 0);
}

interface Duration {
  toString(): string;
}

interface Maybe {
  orValue(otherwise: unknown): unknown;
}

function numberOf(integer: bigint): number | undefined {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const MAX_DEPTH = 64;
