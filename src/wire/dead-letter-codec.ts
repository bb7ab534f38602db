import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import { FORMAT, messages } from "./messages.ts";

/** A message that could not be understood: where it stands, and why it was set aside. */
export interface DeadLetter {
  readonly subject: string;
  readonly sequence: number;
  readonly reason: string;
  readonly at: number;
}

export function encodeDeadLetter(letter: DeadLetter): Uint8Array {
  return messages.DeadLetter.encode({ ...letter, format: FORMAT }).finish();
}

export function decodeDeadLetter(bytes: Uint8Array): Decoded<DeadLetter> {
  return decodeMessage(
    () => messages.DeadLetter.decode(bytes),
    ({ subject, sequence, reason, at }, isNewer) =>
      isNewer ? NEWER : { subject, sequence: sequence, reason, at: at },
  );
}
