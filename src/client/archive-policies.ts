import { type ArchivePolicy, NEVER } from "../engine/archive-policy.ts";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { checkToken } from "../engine/names.ts";
import { BrokerError, InvalidOptionError } from "../engine/usage-errors.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import {
  ARCHIVE_POLICIES,
  archivePolicyKey,
  decodeArchivePolicy,
  encodeArchivePolicy,
  flowOfPolicyKey,
} from "../wire/archive-policy-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";

/** How long closed runs stay in the log, for all flows of a namespace. */
export interface ArchivePolicies {
  /** For flows that have none of their own. */
  readonly default: ArchivePolicy;
  readonly flows: Readonly<Record<string, ArchivePolicy>>;
}

/** All policies that somebody has set. */
export async function readPolicies({ broker }: ClientHost): Promise<ArchivePolicies> {
  let fallback = NEVER;
  const flows: [string, ArchivePolicy][] = [];
  for (const record of await broker.control.list(ARCHIVE_POLICIES)) {
    const policy = policyIn(record);
    if (policy === undefined) continue;
    const flow = flowOfPolicyKey(record.key);
    if (flow === undefined) fallback = policy;
    else flows.push([flow, policy]);
  }
  flows.sort(([a], [b]) => (a < b ? -1 : 1));
  return { default: fallback, flows: Object.fromEntries(flows) };
}

/** Settles when closed runs of a flow, or of all flows without a policy, go to the archive. Resolves when it is durable. */
export async function setPolicy(
  host: ClientHost,
  flow: string | undefined,
  after: Duration | "never",
): Promise<void> {
  const { control } = host.broker;
  const key = archivePolicyKey(flow === undefined ? flow : checkToken("A flow's name", flow));
  const policy = after === "never" ? NEVER : { afterMs: checkAfter(after) };
  const patience = new Patience(host, GIVE_UP_MS);
  for (;;) {
    const stored = await patience.ask(() => control.read(key));
    const before = policyIn(stored);
    if (before !== undefined && before.afterMs === policy.afterMs) return;
    const bytes = encodeArchivePolicy(policy);
    const outcome = await control.write(key, bytes, stored?.revision ?? 0);
    if (outcome.status === "written") return;
    if (patience.isOver) {
      const cause = outcome.status === "unknown" ? outcome.cause : undefined;
      throw new BrokerError("The archive's policy was not confirmed. Try again.", { cause });
    }
    if (outcome.status === "unknown") await patience.pause();
  }
}

/** @throws {@link InvalidOptionError}, {@link InvalidDurationError} */
export function checkAfter(after: Duration): number {
  const ms = Math.round(toMilliseconds(after));
  if (ms >= 1) return ms;
  throw new InvalidOptionError("after", after, "give a time such as 30d, or never");
}

function policyIn(record: ControlRecord | undefined): ArchivePolicy | undefined {
  const decoded = record === undefined ? undefined : decodeArchivePolicy(record.data);
  return decoded?.kind === "ok" ? decoded.value : undefined;
}

const GIVE_UP_MS = 30_000;
