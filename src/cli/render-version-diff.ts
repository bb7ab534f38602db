import type { VersionDiff } from "../debug/diff-versions.ts";
import { endText } from "../debug/replay-end.ts";
import type { Replay } from "../debug/replay-result.ts";
import type { ReplayedCommand } from "../debug/replayed-command.ts";
import { placeText } from "../worker/user-place.ts";
import { printable } from "./printable.ts";
import { replayRecord } from "./render-replay.ts";
import type { Colors } from "./terminal.ts";

/** One history under two versions of its code, for people: the first command in which they part, then both verdicts. */
export function renderVersionDiff(
  { a, b, isSame, first }: VersionDiff,
  files: readonly [a: string, b: string],
  colors: Colors,
): readonly string[] {
  const title = `${colors.bold(printable(a.run))}  ${colors.dim("under two versions of its code")}`;
  const lines = [title, `a  ${printable(files[0])}`, `b  ${printable(files[1])}`, ""];
  if (first !== undefined) {
    const { after } = first;
    lines.push(
      colors.bold("They differ in the first thing that is not the same"),
      colors.dim(after === 0 ? "  from the start:" : `  after ${after} commands that are:`),
      `  a  ${commandText(first.a, a)}`,
      `  b  ${commandText(first.b, b)}`,
    );
  } else if (isSame) {
    lines.push(
      colors.bold(`The same: ${a.commands.length} commands in the same order, and the same end.`),
    );
  } else {
    lines.push(colors.bold("They ask for the same, and do not end alike."));
  }
  return [...lines, "", `a  ${verdictText(a)}`, `b  ${verdictText(b)}`];
}

/** The same for `--json`. */
export function versionDiffRecord({ a, b, isSame, first }: VersionDiff): object {
  const parted =
    first === undefined
      ? undefined
      : { after: first.after, a: commandName(first.a), b: commandName(first.b) };
  return { isSame, first: parted, a: replayRecord(a), b: replayRecord(b) };
}

function commandName(command: ReplayedCommand | undefined): object | undefined {
  if (command === undefined) return undefined;
  const { kind, id, topic, askedAfter, place } = command;
  return { kind, id, topic, askedAfter, place };
}

function commandText(command: ReplayedCommand | undefined, replay: Replay): string {
  if (command === undefined) {
    return replay.outcome === undefined ? "asks for nothing more" : "has ended";
  }
  const { kind, id, place, askedAfter } = command;
  const where = place === undefined ? "" : `, at ${placeText(place)}`;
  return printable(`${kind} ${id}, asked for after event #${askedAfter.event}${where}`);
}

function verdictText({ verdict, parks, differs, outcome }: Replay): string {
  if (parks !== undefined) {
    const { mismatch, at, hint } = parks;
    const why = hint === undefined ? "" : ` ${hint.text}`;
    const text = `would park at event #${at.event}: expected ${mismatch.expected}, asked for ${mismatch.asked}.${why}`;
    return printable(text);
  }
  if (differs !== undefined) {
    return printable(`${verdict}: recorded is ${differs.recorded}; it ${differs.replayed}`);
  }
  return printable(outcome === undefined ? "fits: open" : `fits: ${endText(outcome)}`);
}
