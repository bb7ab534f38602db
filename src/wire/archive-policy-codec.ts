import type { ArchivePolicy } from "../engine/archive-policy.ts";
import { decodeRecord, encodeRecord, isCount } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** What the keys of all archive policies begin with. */
export const ARCHIVE_POLICIES = "archive";

/** The control record that holds a flow's policy, or that of all flows without one. */
export function archivePolicyKey(flow: string | undefined): string {
  return flow === undefined ? `${ARCHIVE_POLICIES}.default` : `${ARCHIVE_POLICIES}.flow.${flow}`;
}

/** The flow that a key speaks of; nothing for the default. */
export function flowOfPolicyKey(key: string): string | undefined {
  const prefix = `${ARCHIVE_POLICIES}.flow.`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

export function encodeArchivePolicy({ afterMs }: ArchivePolicy): Uint8Array {
  return encodeRecord({ afterMs: afterMs ?? null });
}

export function decodeArchivePolicy(bytes: Uint8Array): Decoded<ArchivePolicy> {
  return decodeRecord(bytes, ({ afterMs }) => {
    if (afterMs === null) return { afterMs: undefined };
    return isCount(afterMs) ? { afterMs } : "it does not say after which time";
  });
}
