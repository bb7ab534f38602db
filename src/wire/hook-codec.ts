import { HOOK_KINDS, type Hook, type HookKind } from "../engine/hook-spec.ts";
import { decodeRecord, encodeRecord, isCount } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";
import { isSecrets, isTime } from "./webhook-codec.ts";

/** What the keys of all hooks for incoming webhooks begin with. */
export const HOOKS = "hook";

/** The control record that holds a hook. */
export function hookKey(name: string): string {
  return `${HOOKS}.${name}`;
}

/** The control record that remembers a delivery. `hash`: of what the sender calls it, as a token. */
export function hookSeenKey(name: string, hash: string): string {
  return `hook-seen.${name}.${hash}`;
}

export function encodeHook(hook: Hook): Uint8Array {
  return encodeRecord(hook);
}

export function decodeHook(bytes: Uint8Array): Decoded<Hook> {
  return decodeRecord(bytes, (fields) => {
    const { name, kind, secrets, type, header, version, createdAt, changedAt } = fields;
    if (typeof name !== "string" || typeof type !== "string") return "it has no name and type";
    if (!isKind(kind)) return "its kind is none";
    if (!isSecrets(secrets)) return "it has no secrets";
    if (header !== undefined && typeof header !== "string") return "its header is none";
    if (!isCount(version) || !isTime(createdAt) || !isTime(changedAt)) return "it has no version";
    return { name, kind, secrets, type, header, version, createdAt, changedAt };
  });
}

function isKind(value: unknown): value is HookKind {
  return HOOK_KINDS.some((kind) => kind === value);
}
