import { FORMAT } from "./messages.ts";

/** What stood on one of our subjects. `foreign`: not ours, damaged, or of a format newer than this version knows. */
export type Decoded<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "foreign"; readonly reason: string };

/** Decodes, checks the format and lifts the message; a lift answers with text when the content makes no sense. */
export function decodeMessage<M extends { readonly format?: number | null | undefined }, T>(
  decode: () => M,
  lift: (message: M, isNewer: boolean) => T | string,
): Decoded<T> {
  let message: M;
  try {
    message = decode();
  } catch (error) {
    return { kind: "foreign", reason: `it cannot be decoded: ${String(error)}` };
  }
  const format = message.format ?? 0;
  if (format === 0) return { kind: "foreign", reason: "it carries no format number" };
  const value = lift(message, format > FORMAT);
  return typeof value === "string" ? { kind: "foreign", reason: value } : { kind: "ok", value };
}

/** Why a lift refuses a message of a format that it does not know. */
export const NEWER = "it was written by a newer Millrace";
