import type { AnyDefinition } from "../definition/definition.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { payloadValue } from "./payload-value.ts";
import { replay } from "./replay.ts";
import type { ReplayPayloads } from "./replay-options.ts";
import type { Replay } from "./replay-result.ts";
import type { ReplayedCommand } from "./replayed-command.ts";
import { isSameValue } from "./value-diff.ts";

/** What two versions of a flow's code make of one history. */
export interface VersionDiff {
  readonly a: Replay;
  readonly b: Replay;
  /** True when both ask for the same, in the same order, and end alike. */
  readonly isSame: boolean;
  /** The first command in which they part, if they do. */
  readonly first: CommandDifference | undefined;
}

/** Where two versions ask for different things. */
export interface CommandDifference {
  /** How many commands before it are the same. */
  readonly after: number;
  /** Nothing when that version asks for nothing more. */
  readonly a: ReplayedCommand | undefined;
  readonly b: ReplayedCommand | undefined;
}

export interface DiffVersionsOptions {
  /** One version of the run's flow, and another. */
  readonly a: AnyDefinition;
  readonly b: AnyDefinition;
  /** Opens what a codec wrapped or a blob store has. Default: only plain values can be read. */
  readonly payloads?: ReplayPayloads;
}

/**
 * Replays a run under two versions of its flow, one after the other, with no effect, and finds the first command in which they
 * differ.
 */
export async function diffVersions(
  run: RecordedRun,
  { a, b, payloads }: DiffVersionsOptions,
): Promise<VersionDiff> {
  const options = payloads === undefined ? {} : { payloads };
  const [inA, inB] = [
    await replay(run, { ...options, definition: a }),
    await replay(run, { ...options, definition: b }),
  ];
  const first = firstDifference(inA.commands, inB.commands);
  const isSame = first === undefined && inA.verdict === inB.verdict && isSameEnd(inA, inB);
  return { a: inA, b: inB, isSame, first };
}

function firstDifference(
  inA: readonly ReplayedCommand[],
  inB: readonly ReplayedCommand[],
): CommandDifference | undefined {
  for (let after = 0; after < Math.max(inA.length, inB.length); after++) {
    const [a, b] = [inA[after], inB[after]];
    if (a === undefined || b === undefined || !isSameCommand(a, b)) return { after, a, b };
  }
  return undefined;
}

function isSameCommand(a: ReplayedCommand, b: ReplayedCommand): boolean {
  return a.kind === b.kind && a.id === b.id && a.topic === b.topic;
}

function isSameEnd({ outcome: a }: Replay, { outcome: b }: Replay): boolean {
  return isSameValue(endOf(a), endOf(b));
}

function endOf(end: Replay["outcome"]): unknown {
  if (end?.status === "completed") return { ...end, output: payloadValue(end.output) };
  return end?.status === "failed" ? { ...end, error: payloadValue(end.error) } : end;
}
