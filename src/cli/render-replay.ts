import type { ReplayEnd } from "../debug/replay-end.ts";
import type { ReplayParks } from "../debug/replay-parks.ts";
import type { Replay } from "../debug/replay-result.ts";
import type { ReplayedCommand } from "../debug/replayed-command.ts";
import { sourceLine } from "../debug/source-line.ts";
import type { EventPlace } from "../engine/event-address.ts";
import type { Outcome } from "../engine/journal.ts";
import { placeText, type SourcePlace } from "../worker/user-place.ts";
import { clockTime, humanDuration } from "./human-time.ts";
import { printable } from "./printable.ts";
import { headline } from "./render-error.ts";
import { errorOf, short, valueOf } from "./render-event.ts";
import { type Cell, type Column, tableLines } from "./render-table.ts";
import type { Colors } from "./terminal.ts";

/** A replay for people: what the flow asked for, beside what answered it, and whether the code fits. */
export function replayLines(replay: Replay, options: ReplayLineOptions): readonly string[] {
  const { colors } = options;
  const open = replay.commands.filter(({ answeredBy }) => answeredBy === undefined);
  return [
    `${colors.bold(printable(replay.run))}  ${colors.dim("replayed with")} ${printable(options.flow)}`,
    ...commandTable(replay.commands, options),
    ...section("Open", open.map(openText), options),
    ...section("Patches", replay.patches.map(patchText), options),
    ...section("Warnings", replay.warnings.map(warningText), options),
    "",
    ...verdictLines(replay, options),
  ];
}

export interface ReplayLineOptions {
  readonly colors: Colors;
  /** Columns of the terminal, if it is one. */
  readonly width: number | undefined;
  /** The file of the flow, as it was given. */
  readonly flow: string;
}

/** A replay for `--json`. */
export function replayRecord(replay: Replay): object {
  const { parks, differs, outcome } = replay;
  return {
    run: replay.run,
    verdict: replay.verdict,
    shown: replay.shown,
    events: replay.events,
    ...(parks === undefined ? {} : { parks: parksRecord(parks) }),
    ...(differs === undefined ? {} : { differs }),
    ...(outcome === undefined ? {} : { outcome: outcomeRecord(outcome) }),
    commands: replay.commands.map(commandRecord),
    patches: replay.patches,
    warnings: replay.warnings.map(({ call, instead, place }) => ({ call, instead, place })),
  };
}

function parksRecord({ place, ...parks }: ReplayParks): object {
  return place === undefined ? parks : { ...parks, place, source: sourceLine(place) };
}

function outcomeRecord(end: ReplayEnd): object {
  if (end.status === "completed") return { status: end.status, output: valueOf(end.output) };
  if (end.status !== "failed") return end;
  return { status: end.status, step: end.step, error: errorOf(end.error) };
}

function commandRecord(command: ReplayedCommand): object {
  const { kind, id, topic, place, askedAfter, events, answeredBy, outcome } = command;
  return {
    kind,
    id,
    ...(topic === "" ? {} : { topic }),
    ...(place === undefined ? {} : { place }),
    askedAfter,
    events: events.map(({ place: at, event }) => ({ ...at, type: event.type })),
    ...(answeredBy === undefined
      ? {}
      : { answeredBy: { ...answeredBy.place, type: answeredBy.event.type } }),
    ...(outcome === undefined ? {} : { outcome: toldRecord(outcome, kind) }),
  };
}

function toldRecord(outcome: Outcome, kind: string): object {
  switch (outcome.type) {
    case "output":
      return { type: kind === "receive" ? "signal" : "output", value: valueOf(outcome.output) };
    case "error":
      return { type: "error", error: errorOf(outcome.error) };
    case "submitted":
      return outcome;
    case "closed":
      return { type: "closed", status: outcome.closed.outcome.status };
    case "due":
    case "cancelled":
      return { type: outcome.type };
  }
}

// The table.

const COLUMNS: readonly Column[] = [
  { title: "the flow asks for", shrinkTo: 14 },
  { title: "event", align: "right" },
  { title: "that answers it" },
  { title: "", shrinkTo: 8 },
  { title: "line", shrinkTo: 0 },
];

function commandTable(
  commands: readonly ReplayedCommand[],
  { colors, width }: ReplayLineOptions,
): readonly string[] {
  if (commands.length === 0) return ["The flow asks for nothing."];
  const rows = commands.map((command): readonly Cell[] => {
    const { kind, id, answeredBy, place } = command;
    const isOpen = answeredBy === undefined;
    return [
      { text: printable(`${kind} ${id}`) },
      { text: isOpen ? "" : `#${answeredBy.place.event}`, paint: colors.dim },
      {
        text: isOpen ? "open" : answeredBy.event.type,
        ...(isOpen ? { paint: colors.yellow } : {}),
      },
      { text: printable(toldText(command)) },
      { text: place === undefined ? "" : printable(placeText(place)), paint: colors.dim },
    ];
  });
  return tableLines(COLUMNS, rows, { width, colors });
}

function toldText({ outcome, answeredBy, events, kind }: ReplayedCommand): string {
  switch (outcome?.type) {
    case "output": {
      const event = answeredBy?.event;
      const took = event?.type === "StepCompleted" ? tookText(event) : "";
      return [took, short(outcome.output)].filter((text) => text !== "").join(" ");
    }
    case "error":
      return headline(errorOf(outcome.error)).split("\n")[0] ?? "";
    case "submitted":
      return outcome.runId;
    case "closed":
      return outcome.closed.outcome.status;
    case "due":
      return kind === "receive" ? "nothing came in time" : "";
    case "cancelled":
      return "told to stop";
    case undefined: {
      const last = events.at(-1);
      return last === undefined ? "" : lastText(last);
    }
  }
}

function tookText({
  at,
  startedAt,
  attempt,
}: {
  readonly at: number;
  readonly startedAt: number;
  readonly attempt: number;
}): string {
  const tries = attempt > 1 ? `attempt ${attempt}, ` : "";
  return `(${tries}${humanDuration(Math.max(0, at - startedAt))})`;
}

function lastText({ place, event }: ReplayedCommand["events"][number]): string {
  const number = `#${place.event}`;
  if (event.type === "TimerSet") return `${number} until ${new Date(event.fireAt).toISOString()}`;
  if (event.type === "StepAttemptFailed") {
    const next = clockTime(new Date(event.retryAt));
    return `${number} attempt ${event.attempt} failed, next ${next}`;
  }
  return `${number} ${event.type}`;
}

// What stands below it.

function section(
  title: string,
  texts: readonly string[],
  { colors }: ReplayLineOptions,
): readonly string[] {
  if (texts.length === 0) return [];
  return ["", colors.bold(title), ...texts.map((text) => `  ${printable(text)}`)];
}

function openText({ kind, id, topic, place }: ReplayedCommand): string {
  const about = topic === "" ? "" : kind === "receive" ? ` for signal ${topic}` : ` of ${topic}`;
  return `${kind} ${id}${about}${place === undefined ? "" : `, asked for at ${placeText(place)}`}`;
}

function patchText({ patch, isNew }: Replay["patches"][number]): string {
  return `${patch}: takes the ${isNew ? "new" : "old"} way`;
}

function warningText({ call, place, instead }: Replay["warnings"][number]): string {
  return `${call} at ${place} gives another answer in each replay. ${instead}`;
}

function verdictLines(replay: Replay, { colors }: ReplayLineOptions): readonly string[] {
  const { parks, differs, shown, events } = replay;
  if (parks !== undefined) return parksLines(parks, colors);
  if (differs !== undefined) {
    return [
      `${colors.red("Differs")}: the flow does not end as is recorded.`,
      `  ${colors.dim("recorded")}  ${printable(differs.recorded)}`,
      `  ${colors.dim("replayed")}  ${printable(differs.replayed)}`,
    ];
  }
  const far =
    shown.event === events ? `all ${events} events` : `events 1 to ${shown.event} of ${events}`;
  return [`${colors.green("Fits")}: the flow asks for what is recorded, ${far}.`];
}

function parksLines(parks: ReplayParks, colors: Colors): readonly string[] {
  const { reason, mismatch, at, place, hint } = parks;
  const heads = `${colors.red("Parks")} at ${atText(at)}: a worker with this code would set the run aside.`;
  const rows: [string, string][] =
    reason === "unreadable-payload"
      ? [["unreadable", `${mismatch.expected}: ${mismatch.asked}`]]
      : [
          ["recorded", mismatch.expected],
          ["asked for", mismatch.asked],
        ];
  if (place !== undefined) rows.push(["line", lineText(place)]);
  if (hint !== undefined) rows.push(["probably", hint.text]);
  if (reason === "mismatch") rows.push(["next", NEXT]);
  return [
    heads,
    ...rows.map(([name, text]) => `  ${colors.dim(name.padEnd(10))} ${printable(text)}`),
  ];
}

const NEXT =
  "Leave the old way open to runs that have passed it, with ctx.patch(): docs/changing-code.md.";

function atText({ event, sequence }: EventPlace): string {
  return event === 0 ? "its input" : `#${event} (sequence ${sequence})`;
}

function lineText(place: SourcePlace): string {
  const text = sourceLine(place);
  return text === undefined ? placeText(place) : `${placeText(place)}  ${text}`;
}
