import type { Explanation } from "../index.ts";
import { humanTime } from "./human-time.ts";
import { printable } from "./printable.ts";
import { coloredStatus } from "./run-colors.ts";
import type { Colors } from "./terminal.ts";

/** Why a run is where it is: the sentence first, then what to do. */
export function explanationLines(
  { run, status, reason, sentence, next, since }: Explanation,
  colors: Colors,
): readonly string[] {
  const { bold, dim } = colors;
  const state = status === undefined ? "" : `  ${coloredStatus(status, colors)}`;
  return [
    `${bold(printable(run))}${state}`,
    printable(sentence),
    `  ${dim("next")}    ${printable(next)}`,
    ...(since === undefined ? [] : [`  ${dim("since")}   ${humanTime(since)}`]),
    `  ${dim("reason")}  ${reason}`,
  ];
}
