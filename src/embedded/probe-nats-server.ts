import { reasonOf } from "./reason-of.ts";
import { runCommand } from "./run-command.ts";

/** The oldest nats-server that has what Millrace needs (scheduled messages, per-message TTL). */
export const MINIMUM_VERSION = "2.12.0";

/** Runs `<binary> --version` and says whether Millrace can work with it. */
export async function probeNatsServer(binary: string, signal?: AbortSignal): Promise<Probe> {
  let output: string;
  try {
    output = await runCommand({ file: binary, args: ["--version"], timeoutMs: 10_000, signal });
  } catch (error) {
    signal?.throwIfAborted();
    return { usable: false, reason: `it does not run (${reasonOf(error)})` };
  }
  const version = /\bv?(\d+\.\d+\.\d+)/.exec(output)?.[1];
  if (version === undefined) {
    return {
      usable: false,
      reason: `it does not tell its version (${output.trim().slice(0, 80)})`,
    };
  }
  if (compareVersions(version, MINIMUM_VERSION) < 0) {
    return { usable: false, reason: `it is ${version}; ${MINIMUM_VERSION} or newer is needed` };
  }
  return { usable: true, version };
}

export type Probe =
  | { readonly usable: true; readonly version: string }
  | { readonly usable: false; readonly reason: string };

/** Negative when `a` is the older one; both are `major.minor.patch`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (const [index, part] of left.entries()) {
    const difference = part - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
