import { FORMAT } from "./messages.ts";

/**
 * What stood on one of our subjects. `foreign`: not ours, or damaged, with the reason. `newer`: ours, of a format that
 * this version does not know.
 */
export type Decoded<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "foreign"; readonly reason: string }
  | { readonly kind: "newer"; readonly format: number };

/** Decodes, checks the format and lifts the message; a lift answers with text when the content makes no sense. */
export function decodeMessage<M extends { readonly format?: number | null | undefined }, T>(
  decode: () => M,
  lift: (message: M) => T | string,
): Decoded<T> {
  let message: M;
  try {
    message = decode();
  } catch (error) {
    return { kind: "foreign", reason: `it cannot be decoded: ${String(error)}` };
  }
  const format = message.format ?? 0;
  if (format === 0) return { kind: "foreign", reason: "it carries no format number" };
  if (format > FORMAT) return { kind: "newer", format };
  const value = lift(message);
  return typeof value === "string" ? { kind: "foreign", reason: value } : { kind: "ok", value };
}
