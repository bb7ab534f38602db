import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import { FORMAT, messages } from "./messages.ts";

/** A message that could not be understood: where it stands, and why it was set aside. */
export interface DeadLetter {
  readonly subject: string;
  readonly sequence: number;
  readonly reason: string;
  readonly at: number;
  /** What became of it, once somebody has seen to it. */
  readonly resolved?: { readonly as: "replayed" | "dropped"; readonly at: number };
}

export function encodeDeadLetter({ resolved, ...letter }: DeadLetter): Uint8Array {
  const what = resolved === undefined ? {} : { resolution: resolved.as, resolvedAt: resolved.at };
  return messages.DeadLetter.encode({ ...letter, ...what, format: FORMAT }).finish();
}

export function decodeDeadLetter(bytes: Uint8Array): Decoded<DeadLetter> {
  return decodeMessage(
    () => messages.DeadLetter.decode(bytes),
    ({ subject, sequence, reason, at, resolution, resolvedAt }, isNewer) => {
      if (isNewer) return NEWER;
      const letter = { subject, sequence, reason, at };
      if (resolution === "") return letter;
      return resolution === "replayed" || resolution === "dropped"
        ? { ...letter, resolved: { as: resolution, at: resolvedAt } }
        : "what became of it is not known";
    },
  );
}
