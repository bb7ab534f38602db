import { type AccessToken, isScope } from "../engine/access-token.ts";
import { decodeRecord, encodeRecord } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** The control record that holds an access token. */
export function accessTokenKey(id: string): string {
  return `${ACCESS_TOKENS}.${id}`;
}

/** What the keys of all access tokens begin with. */
export const ACCESS_TOKENS = "token";

export function encodeAccessToken(token: AccessToken): Uint8Array {
  return encodeRecord(token);
}

/** A scope that this version does not know is left out: it allows nothing here. */
export function decodeAccessToken(bytes: Uint8Array): Decoded<AccessToken> {
  return decodeRecord(bytes, ({ id, name, scopes, hash, createdAt, expiresAt, revokedAt }) => {
    if (typeof id !== "string" || typeof name !== "string") return "it has no id and name";
    if (typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash)) return "its hash is none";
    if (!Array.isArray(scopes)) return "it has no scopes";
    if (!isTime(createdAt) || !isTime(expiresAt) || !isTime(revokedAt)) return "a time is none";
    return { id, name, scopes: scopes.filter(isScope), hash, createdAt, expiresAt, revokedAt };
  });
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
