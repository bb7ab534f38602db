import { type Layers, placesOf } from "../engine/partition.ts";
import { type RunRef, runRefOfTokens } from "../engine/run-id.ts";

/**
 * The run of a message of the log, by its subject `mr.<ns>.<p>.new|in.<queue>.<flow>.<key>` or `mr.<ns>.<p>.h.<flow>.<key>`
 * (docs/protocol.md); nothing when no run of this partition can have it.
 */
export function runOfSubject(
  { kind, subject, partition }: FedPlace,
  layers: Layers,
): RunRef | undefined {
  const [flow, key, ...rest] = subject.split(".").slice(kind === "h" ? AFTER_KIND : AFTER_KIND + 1);
  if (flow === undefined || key === undefined || rest.length > 0) return undefined;
  const run = runRefOfTokens(flow, key);
  return run !== undefined && placesOf(run, layers).includes(partition) ? run : undefined;
}

/** Where a message of the log stands. */
export interface FedPlace {
  readonly kind: "new" | "in" | "h" | "dead";
  readonly subject: string;
  readonly partition: number;
}

const AFTER_KIND = 4;
