import { type RunRef, runRefOfTokens } from "../engine/run-id.ts";
import type { Stored } from "../ports/run-log.ts";
import type { Decoded } from "../wire/decoded.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";

/** What a message's subject says of it. */
export interface MessagePlace {
  /** `new` (a submission), `in` (an input), `h` (a frame), or what else stands there. */
  readonly kind: string;
  /** Nothing when no run can have this subject. */
  readonly run: RunRef | undefined;
  /** Where it waits: empty for a frame. */
  readonly queue: string;
}

/** Takes `mr.<namespace>.<partition>.<kind>.…` apart (docs/protocol.md). */
export function placeOf(subject: string): MessagePlace {
  const [, , , kind = "", ...rest] = subject.split(".");
  const queue = kind === "h" ? "" : (rest.shift() ?? "");
  const [flow, key, ...more] = rest;
  const isRun = flow !== undefined && key !== undefined && more.length === 0;
  return { kind, queue, run: isRun ? runRefOfTokens(flow, key) : undefined };
}

/** What this version makes of a stored message's bytes. */
export function understood({ subject, data }: Stored): Decoded<object> {
  const decode = DECODERS.get(placeOf(subject).kind);
  return decode?.(data) ?? { kind: "foreign", reason: "nothing of Millrace stands there" };
}

const DECODERS: ReadonlyMap<string, (data: Uint8Array) => Decoded<object>> = new Map<
  string,
  (data: Uint8Array) => Decoded<object>
>([
  ["new", decodeSubmission],
  ["in", decodeInput],
  ["h", decodeFrame],
]);
