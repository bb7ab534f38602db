import type { Payload } from "../engine/payload.ts";
import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import { FORMAT, messages } from "./messages.ts";
import { payloadOf } from "./payload-codec.ts";

/** A message of the ingress that was set aside: why, and all that is needed to publish it again. */
export interface IngressLetter {
  readonly subject: string;
  /** The one that its publisher was told. */
  readonly sequence: number;
  readonly reason: string;
  readonly at: number;
  /** An {@link IngressContent} as `binary`, sealed. */
  readonly message: Payload;
  /** What became of it, once somebody has seen to it. */
  readonly resolved?: { readonly as: "replayed" | "dropped"; readonly at: number };
}

/** The headers, by their names in lower case, and the body of a message that was published by somebody else. */
export interface IngressContent {
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
}

export function encodeIngressLetter({ resolved, ...letter }: IngressLetter): Uint8Array {
  const what = resolved === undefined ? {} : { resolution: resolved.as, resolvedAt: resolved.at };
  return messages.IngressLetter.encode({ ...letter, ...what, format: FORMAT }).finish();
}

export function decodeIngressLetter(bytes: Uint8Array): Decoded<IngressLetter> {
  return decodeMessage(
    () => messages.IngressLetter.decode(bytes),
    ({ subject, sequence, reason, at, resolution, resolvedAt, message }, isNewer) => {
      if (isNewer) return NEWER;
      const letter = { subject, sequence, reason, at, message: payloadOf(message) };
      if (resolution === "") return letter;
      return resolution === "replayed" || resolution === "dropped"
        ? { ...letter, resolved: { as: resolution, at: resolvedAt } }
        : "what became of it is not known";
    },
  );
}

export function encodeIngressContent({ headers, body }: IngressContent): Uint8Array {
  const list = [...headers].map(([name, values]) => ({ name, values: [...values] }));
  return messages.IngressMessage.encode({ headers: list, body }).finish();
}

/** @throws Error when it is damaged. */
export function decodeIngressContent(bytes: Uint8Array): IngressContent {
  const { headers, body } = messages.IngressMessage.decode(bytes);
  const byName = headers.map(({ name, values }) => [name ?? "", values ?? []] as const);
  return { headers: new Map(byName), body };
}
