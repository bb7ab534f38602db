import { createHash } from "node:crypto";
import type { Millrace } from "../../client/millrace.ts";
import { HOOK_MEMORY_MS, type Hook, hookEventType } from "../../engine/hook-spec.ts";
import { isPrintable } from "../../engine/names.ts";
import { decodeRecord, encodeRecord } from "../../wire/control-json.ts";
import { hookSeenKey } from "../../wire/hook-codec.ts";
import { type HookRequest, hookMessage, verifyHook } from "./verify-hook.ts";

/**
 * Verifies what came in at a hook and makes an event of it: durable when it resolves. What came before is not emitted again: a
 * record remembers it for three days, and of two that come in at the same moment, at any servers, the broker stores one event.
 * @throws {@link HookNotFoundError}, {@link HookUnverifiedError}, {@link BodyNotJsonError}, {@link PayloadTooLargeError},
 * {@link BrokerError}
 */
export async function receiveHook(
  millrace: Millrace,
  name: string,
  request: HookRequest,
): Promise<ReceivedHook> {
  const { broker, clock } = millrace.host;
  const hook = await millrace.hooks.open(name);
  verifyHook(hook, request, clock.now());
  const data = jsonOf(request);
  const message = hookMessage(hook, request, data);
  const type = hookEventType(hook.type, message.event);
  const id = eventId(hook, message.id);
  const key = hookSeenKey(hook.name, createHash("sha256").update(id).digest("base64url"));
  const known = await broker.control.read(key);
  if (known !== undefined) return { id, type: typeIn(known.data) ?? type, isDuplicate: true };
  const source = `/millrace/${millrace.namespace}/hooks/${hook.name}`;
  const { isNew } = await millrace.emit(type, data, { id, source });
  // Only now: what is remembered is durable. Who comes within the next instants is told apart by the broker.
  await broker.control
    .write(key, encodeRecord({ type }), 0, { ttlMs: HOOK_MEMORY_MS })
    .catch(() => undefined);
  return { id, type, isDuplicate: !isNew };
}

/** The event that a delivery was made into. */
export interface ReceivedHook {
  readonly id: string;
  readonly type: string;
  /** It came in before: nothing was emitted. */
  readonly isDuplicate: boolean;
}

/** The body is not JSON, nor a form with JSON in its field `payload`, as GitHub sends by default. */
export class BodyNotJsonError extends Error {}

/** @throws {@link BodyNotJsonError} */
function jsonOf({ headers, body }: HookRequest): unknown {
  if (body.length === 0) return null;
  const isForm = /^application\/x-www-form-urlencoded/i.test(String(headers["content-type"] ?? ""));
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return JSON.parse(isForm ? (new URLSearchParams(text).get("payload") ?? "") : text);
  } catch {
    throw new BodyNotJsonError("Send JSON: an event is made of it.");
  }
}

/** The sender's id if it is one, else its hash: it may be any bytes. */
function eventId({ name }: Hook, id: string): string {
  const isSound = id.length <= MAX_ID && isPrintable(id);
  return `${name}/${isSound ? id : createHash("sha256").update(id).digest("base64url")}`;
}

const MAX_ID = 120;

function typeIn(bytes: Uint8Array): string | undefined {
  const decoded = decodeRecord(bytes, ({ type }) =>
    typeof type === "string" ? { type } : "it has no type",
  );
  return decoded.kind === "ok" ? decoded.value.type : undefined;
}
