import type { RunRef } from "./run-id.ts";

/** The partition of a run: FNV-1a (32 bits) over `<flow>.<key token>`, modulo the number of partitions. */
export function partitionOf(run: RunRef, partitions: number): number {
  if (partitions === 1) return 0;
  const text = `${run.flow}.${run.token}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}
