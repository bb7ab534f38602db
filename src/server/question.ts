import { InvalidOptionError } from "../engine/usage-errors.ts";

/** A question's fields, none of which is known to be what it should be. */
export type Question = Readonly<Record<string, unknown>>;

/** @throws Error when it is no JSON object. */
export function readQuestion(data: Uint8Array): Question {
  const question: unknown = JSON.parse(new TextDecoder().decode(data));
  if (typeof question === "object" && question !== null) return question as Question;
  throw new InvalidOptionError("question", question, "give a JSON object");
}

/** @throws {@link InvalidOptionError} */
export function textIn(question: Question, name: string): string | undefined {
  const value = question[name];
  if (value === undefined || typeof value === "string") return value;
  throw new InvalidOptionError(name, value, "give text");
}

/** A whole number from 1. @throws {@link InvalidOptionError} */
export function wholeIn(
  question: Question,
  name: string,
  { most, otherwise }: { readonly most: number; readonly otherwise: number },
): number {
  const value = question[name] ?? otherwise;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return Number(value);
  throw new InvalidOptionError(name, value, `give a whole number from 1 to ${most}`);
}

export function jsonBytes(answer: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(answer));
}
