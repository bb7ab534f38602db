import type { CheckCause, CheckReport } from "../../debug/index.ts";
import { printable } from "../printable.ts";
import type { Colors } from "../terminal.ts";

/** What each kind of cause means for its runs. */
export const CHECK_KINDS = {
  parks: "would be parked",
  differs: "would end otherwise",
  "no-code": "without code here",
  unreadable: "could not be checked",
} as const satisfies Record<CheckCause["kind"], string>;

/** A check for people: how many fit, then each cause with its count and a few of its runs. */
export function renderCheck(
  report: CheckReport,
  seconds: number,
  colors: Colors,
): readonly string[] {
  const { runs, fits, causes } = report;
  const took = `${seconds.toFixed(1)} s`;
  if (runs === 0) return ["No run was found to check."];
  const color = causes.length === 0 ? colors.green : colors.red;
  const summary = color(`${fits} of ${runs} ${runs === 1 ? "run fits" : "runs fit"}`);
  return [
    `${summary} the code ${colors.dim(`(${took})`)}`,
    ...causes.flatMap((cause) => ["", ...causeLines(cause, colors)]),
  ];
}

/** A cause without colours. */
export function causeText(cause: CheckCause): readonly string[] {
  const { text, hint, place, runs, examples } = cause;
  const more = runs > examples.length ? " …" : "";
  return [
    text,
    ...(hint === "" ? [] : [`probably  ${hint}`]),
    ...(place === "" ? [] : [`code      ${place}`]),
    `such as   ${examples.join(" ")}${more}`,
  ].map(printable);
}

function causeLines(cause: CheckCause, colors: Colors): readonly string[] {
  const { kind, flow, runs } = cause;
  const count = runs === 1 ? "1 run" : `${runs} runs`;
  const of = flow === "" ? "" : ` of ${printable(flow)}`;
  return [
    colors.bold(`${count}${of} ${CHECK_KINDS[kind]}`),
    ...causeText(cause).map((line) => `  ${line}`),
  ];
}
