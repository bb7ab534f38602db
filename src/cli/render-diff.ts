import type { RunDiff, RunSide } from "../debug/diff.ts";
import type { Divergence, FactDifference } from "../debug/fact-diff.ts";
import type { Fact } from "../debug/run-facts.ts";
import type { TimingRow } from "../debug/run-timings.ts";
import type { ValueDiff, ValueDifference } from "../debug/value-diff.ts";
import { humanDuration, humanTime } from "./human-time.ts";
import { jsonText } from "./json-of.ts";
import { printable } from "./printable.ts";
import { type Cell, tableLines } from "./render-table.ts";
import { coloredStatus } from "./run-colors.ts";
import type { Colors } from "./terminal.ts";

/** Two runs for people: where they part first, then all that is not the same, then how long what took. */
export function renderDiff(diff: RunDiff, colors: Colors, width?: number): readonly string[] {
  return [
    sideLine("a", diff.a, colors),
    sideLine("b", diff.b, colors),
    ...sharedLines(diff),
    "",
    diff.isSame
      ? colors.bold("The same: what they were given, did and gave.")
      : colors.bold("They differ."),
    ...section("First divergence", divergenceLines(diff.divergence, colors), colors),
    ...section("What they were given", valueLines(diff.submission, colors), colors),
    ...section("What they did", factLines(diff.differences, colors), colors),
    ...section("What they tell of themselves", valueLines(diff.told, colors), colors),
    ...section("Order", orderLines(diff), colors),
    ...section("How they were run", sideLines(diff, colors, width), colors),
    ...section("Times", timeLines(diff, colors, width), colors),
  ];
}

/** The same for `--json`: times as text, events by their numbers. */
export function diffRecord(diff: RunDiff): object {
  const { divergence, order } = diff;
  return {
    ...diff,
    a: sideRecord(diff.a),
    b: sideRecord(diff.b),
    divergence:
      divergence === undefined
        ? undefined
        : { after: divergence.after, a: factRecord(divergence.a), b: factRecord(divergence.b) },
    differences: diff.differences.map((one) => ({
      ...one,
      ...("a" in one ? { a: factRecord(one.a) } : {}),
      ...("b" in one ? { b: factRecord(one.b) } : {}),
    })),
    order: order === undefined ? undefined : { a: factRecord(order.a), b: factRecord(order.b) },
  };
}

function sideRecord({ submittedAt, ...side }: RunSide): object {
  return { ...side, submittedAt: new Date(submittedAt).toISOString() };
}

function factRecord(fact: Fact | undefined): object | undefined {
  if (fact === undefined) return undefined;
  const { key, text, place, at, says } = fact;
  const { event, sequence } = place;
  return { key, text, event, sequence, at: new Date(at).toISOString(), says };
}

function sideLine(name: "a" | "b", side: RunSide, colors: Colors): string {
  const { id, status, events, submittedAt, timings } = side;
  const took = humanDuration(timings.totalMs);
  const facts = `${events} events in ${took}, submitted ${humanTime(new Date(submittedAt))}`;
  return `${colors.bold(name)}  ${printable(id)}  ${coloredStatus(status, colors)}  ${colors.dim(facts)}`;
}

function sharedLines({ shared }: RunDiff): readonly string[] {
  if (shared === undefined) return [];
  const { origin, events } = shared;
  return [
    `   Events 1 to ${events} are shared: they happened in ${printable(origin)}, and were copied.`,
  ];
}

function section(title: string, lines: readonly string[], colors: Colors): readonly string[] {
  return lines.length === 0 ? [] : ["", colors.bold(title), ...lines.map((line) => `  ${line}`)];
}

function divergenceLines(divergence: Divergence | undefined, colors: Colors): readonly string[] {
  if (divergence === undefined) return [];
  const { after, a, b } = divergence;
  return [
    colors.dim(after === 0 ? "from the start:" : `after ${after} that are the same:`),
    `a  ${factText(a)}`,
    `b  ${factText(b)}`,
  ];
}

function factText(fact: Fact | undefined): string {
  if (fact === undefined) return "nothing more is recorded";
  return `#${fact.place.event} ${printable(fact.text)}`;
}

function factLines(differences: readonly FactDifference[], colors: Colors): readonly string[] {
  const lines = differences.slice(0, MAX_FACTS).flatMap((one) => {
    if (one.kind === "only-in-a") return [`${colors.red("- only a:")} ${factText(one.a)}`];
    if (one.kind === "only-in-b") return [`${colors.green("+ only b:")} ${factText(one.b)}`];
    const { a, b, values } = one;
    const title = a.text === b.text ? a.text : `${a.text} / ${b.text}`;
    const place = colors.dim(`#${a.place.event} / #${b.place.event}`);
    return [
      `${printable(title)} ${place}`,
      ...valueLines(values, colors).map((line) => `  ${line}`),
    ];
  });
  return [...lines, ...moreLine(differences.length - MAX_FACTS, "of these")];
}

function valueLines(diff: ValueDiff, colors: Colors): readonly string[] {
  const { differences, more, isCut } = diff;
  const lines = differences.slice(0, MAX_VALUES).map((one) => valueLine(one, colors));
  const left = more + Math.max(0, differences.length - MAX_VALUES);
  const cut = isCut ? ["Too large or too deep: not all of it was compared."] : [];
  return [...lines, ...moreLine(left, "places"), ...cut];
}

function valueLine(one: ValueDifference, colors: Colors): string {
  const path = printable(one.path);
  if (one.kind === "only-in-a") return `${path}  ${colors.red(`only a: ${short(one.a)}`)}`;
  if (one.kind === "only-in-b") return `${path}  ${colors.green(`only b: ${short(one.b)}`)}`;
  return `${path}  ${colors.red(short(one.a))} → ${colors.green(short(one.b))}`;
}

function short(value: unknown): string {
  if (value === undefined) return "undefined";
  const text = value instanceof Error ? `${value.name}: ${value.message}` : jsonText(value);
  return printable(text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text);
}

function moreLine(more: number, of: string): readonly string[] {
  return more > 0 ? [`… and ${more} more ${of}: --json has all that is kept.`] : [];
}

const MAX_FACTS = 20;
const MAX_VALUES = 20;
/** Characters of a value. */
const MAX_VALUE = 120;

function orderLines({ order }: RunDiff): readonly string[] {
  if (order === undefined) return [];
  return [
    "The same things settled in another order, as things do that go on at once:",
    `a had ${factText(order.a)} where b had ${factText(order.b)}.`,
  ];
}

/** What belongs to the moment, where it is not the same. */
function sideLines({ a, b }: RunDiff, colors: Colors, width?: number): readonly string[] {
  const [textsA, textsB] = [a, b].map(circumstances);
  const rows = FACTS.flatMap((name, at): readonly (readonly Cell[])[] => {
    const [inA = "", inB = ""] = [textsA?.[at], textsB?.[at]];
    if (inA === inB) return [];
    return [[{ text: name }, { text: inA === "" ? "-" : inA }, { text: inB === "" ? "-" : inB }]];
  });
  if (rows.length === 0) return [];
  const columns = [{ title: "" }, { title: "a", shrinkTo: 12 }, { title: "b", shrinkTo: 12 }];
  return tableLines(columns, rows, { width, colors });
}

function circumstances(side: RunSide): readonly string[] {
  const { activations, takeOvers, failedAttempts, workers, versions, patches } = side;
  const lists = [workers, versions, patches].map((texts) => printable(texts.join(", ")));
  return [...[activations, takeOvers, failedAttempts].map(String), ...lists];
}

const FACTS = ["activations", "take-overs", "failed attempts", "workers", "versions", "patches"];

function timeLines({ a, b, timings }: RunDiff, colors: Colors, width?: number): readonly string[] {
  const own = timings.filter(({ isShared }) => !isShared);
  const shown = own.length <= MAX_ROWS ? own : longest(own);
  const total = (name: string, of: keyof RunSide["timings"]): readonly Cell[] =>
    timeCells(name, { ms: a.timings[of] }, { ms: b.timings[of] }, undefined);
  const rows = [
    ...shown.map((row) => timeCells(row.id, row.a, row.b, row.ratio)),
    total("until taken up", "queuedMs"),
    total("held by a worker", "heldMs"),
    total("suspended", "suspendedMs"),
    total("in all", "totalMs"),
  ];
  const columns = [
    { title: "", shrinkTo: 16 },
    { title: "a", align: "right" },
    { title: "b", align: "right" },
    { title: "b / a", align: "right" },
    { title: "attempts" },
  ] as const;
  const lines = tableLines(columns, rows, { width, colors });
  const left = own.length - shown.length;
  const kept = timings.length - own.length;
  return [
    ...lines,
    ...(left > 0 ? [colors.dim(`${left} more took less time: --json has them.`)] : []),
    ...(kept > 0 ? [colors.dim(`${kept} ended in the shared past.`)] : []),
  ];
}

const MAX_ROWS = 30;

/** Those that took longest in either run, in their order. */
function longest(rows: readonly TimingRow[]): readonly TimingRow[] {
  const kept = new Set(
    rows.toSorted((one, other) => lengthOf(other) - lengthOf(one)).slice(0, MAX_ROWS),
  );
  return rows.filter((row) => kept.has(row));
}

function lengthOf({ a, b }: TimingRow): number {
  return Math.max(a?.ms ?? 0, b?.ms ?? 0);
}

function timeCells(
  name: string,
  a: TimingRow["a"],
  b: TimingRow["b"],
  ratio: number | undefined,
): readonly Cell[] {
  const attempts = [a?.attempts, b?.attempts];
  const isRetried = attempts.some((count) => count !== undefined && count > 1);
  return [
    { text: printable(name) },
    { text: timeText(a) },
    { text: timeText(b) },
    { text: ratio === undefined ? "" : ratioText(ratio) },
    { text: isRetried ? attempts.map((count) => count ?? "-").join(" / ") : "" },
  ];
}

function timeText(timing: TimingRow["a"]): string {
  if (timing === undefined) return "-";
  return timing.ms === undefined ? "goes on" : humanDuration(timing.ms);
}

function ratioText(ratio: number): string {
  return `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(2)}×`;
}
