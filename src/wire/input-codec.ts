import type { RunInput } from "../engine/input.ts";
import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import { FORMAT, messages } from "./messages.ts";

export function encodeInput(input: RunInput): Uint8Array {
  const { inputId, sentAt, body } = input;
  const wake = { replaces: [...body.replaces], resume: body.resume, queue: body.queue };
  return messages.Input.encode({ format: FORMAT, inputId, sentAt, wake }).finish();
}

/** Reads a message from an `in` subject; anything that is not an input comes back as foreign (I11). */
export function decodeInput(bytes: Uint8Array): Decoded<RunInput> {
  return decodeMessage(
    () => messages.Input.decode(bytes),
    (message, isNewer) => {
      if (isNewer) return NEWER;
      const { inputId, wake } = message;
      if (inputId === "") return "it has no id";
      if (wake === null || wake === undefined) return "its body is not known";
      const body = {
        type: "Wake" as const,
        replaces: wake.replaces ?? [],
        resume: wake.resume ?? false,
        queue: wake.queue ?? "",
      };
      return { inputId, sentAt: message.sentAt, body };
    },
  );
}
