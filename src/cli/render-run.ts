import Table from "cli-table3";
import type { RunDetails } from "../index.ts";
import { attributeText } from "./attribute-text.ts";
import { humanDuration, humanTime } from "./human-time.ts";
import { jsonText } from "./json-of.ts";
import { printable } from "./printable.ts";
import { progressText } from "./progress-text.ts";
import { errorLines, headline } from "./render-error.ts";
import { coloredStatus } from "./run-colors.ts";
import type { Colors } from "./terminal.ts";

export type ShownRun = Omit<RunDetails, "frames">;

/** A run for people: what it is, what it did, what went wrong, and what to do when it waits for somebody. */
export function renderRun(run: ShownRun, colors: Colors): readonly string[] {
  const title = `${colors.bold(printable(run.id))}  ${coloredStatus(run.status, colors)}`;
  return [
    title,
    ...facts(run).map(([name, text]) => `  ${colors.dim(name.padEnd(11))} ${text}`),
    ...section("Steps", stepRows(run, colors), colors),
    ...attemptLines(run, colors),
    ...section("Timers", timerRows(run), colors),
    ...section("Children", childRows(run), colors),
    ...errorSection(run, colors),
    ...parkedSection(run, colors),
    ...foreignSection(run, colors),
  ];
}

type Fact = readonly [name: string, text: string];

function facts(run: ShownRun): readonly Fact[] {
  const { startedAt, closedAt, worker, epoch, takeOvers } = run;
  const rows: Fact[] = [
    ["queue", printable(run.queue)],
    ["submitted", humanTime(run.submittedAt)],
  ];
  if (run.startAt !== undefined) rows.push(["not before", humanTime(run.startAt)]);
  if (run.deadlineAt !== undefined) rows.push(["deadline", humanTime(run.deadlineAt)]);
  if (startedAt !== undefined) rows.push(["started", startText(startedAt, run.queueDelayMs)]);
  if (closedAt !== undefined) {
    const took = closedAt.getTime() - (startedAt ?? closedAt).getTime();
    rows.push(["ended", `${humanTime(closedAt)} (after ${humanDuration(Math.max(0, took))})`]);
  }
  if (run.archived !== undefined) {
    const { archivedAt, file } = run.archived;
    const where = `${printable(file.key)} in ${printable(file.store)}`;
    rows.push(["archived", `${humanTime(archivedAt)}, ${where}`]);
  }
  if (worker !== "") rows.push(["worker", printable(worker)]);
  if (epoch > 0) {
    const deaths = takeOvers === 0 ? "" : `, ${takeOvers} after the death of a worker`;
    rows.push(["activations", `${epoch}${deaths}`]);
  }
  if (run.version !== "") rows.push(["version", printable(run.version)]);
  if (run.patches.length > 0) rows.push(["patches", printable(run.patches.join(", "))]);
  rows.push(...flowFacts(run));
  rows.push(...finderFacts(run));
  if (run.input !== undefined) rows.push(["input", short(run.input)]);
  if (run.status === "completed") rows.push(["output", short(run.output)]);
  return rows;
}

function startText(startedAt: Date, queueDelayMs = 0): string {
  const queued =
    queueDelayMs < SHORT_DELAY_MS ? "" : ` (queued for ${humanDuration(queueDelayMs)})`;
  return `${humanTime(startedAt)}${queued}`;
}

/** A shorter wait in the queue is not worth a word. */
const SHORT_DELAY_MS = 1_000;

/** What the run is found by, and what was written on it. */
function finderFacts({ tags, attributes, metadata }: ShownRun): readonly Fact[] {
  const pairs = Object.entries(metadata).map(([name, value]) => `${name}=${value}`);
  const rows: Fact[] = [
    ["tags", tags.join(", ")],
    ["attributes", attributeText(attributes)],
    ["metadata", pairs.join(", ")],
  ];
  return rows.filter(([, text]) => text !== "").map(([name, text]) => [name, printable(text)]);
}

/** What the run is about, as its flow has it. */
function flowFacts(run: ShownRun): readonly Fact[] {
  const rows: Fact[] = [];
  if (run.parent !== undefined) rows.push(["parent", printable(run.parent)]);
  if (run.origin !== undefined) {
    const { runId, event } = run.origin;
    const how = event === 0 ? "run again" : `forked after its event ${event}`;
    rows.push(["origin", printable(`${runId}, ${how}`)]);
  }
  if (run.waitingFor.length > 0) rows.push(["waits for", printable(run.waitingFor.join(", "))]);
  if (run.cancelReason !== undefined) rows.push(["to stop", stopText(run.cancelReason)]);
  if (run.progress !== undefined) {
    rows.push(["progress", printable(progressText(run.progress))]);
  }
  const exposed = Object.entries(run.exposed);
  return [...rows, ...exposed.map(([name, value]): Fact => [printable(name), short(value)])];
}

function stopText(reason: string): string {
  return reason === "" ? "(no reason given)" : printable(reason);
}

const MAX_SHOWN = 2_000;

function short(value: unknown): string {
  const text = value === undefined ? "(no value)" : jsonText(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (use --json for all)` : text;
}

type Rows = readonly (readonly string[])[];

function section(title: string, rows: Rows, colors: Colors): readonly string[] {
  if (rows.length === 0) return [];
  const table = new Table({ chars: NO_LINES, style: PLAIN });
  table.push(...rows.map((row) => [...row]));
  const lines = table.toString().split("\n");
  return ["", colors.bold(title), ...lines.map((line) => `  ${line.trimEnd()}`)];
}

const PLAIN = { head: [], border: [], "padding-left": 0, "padding-right": 2 };
const NO_LINES = Object.fromEntries(
  "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle"
    .split(" ")
    .map((place) => [place, ""]),
);

function stepRows(run: ShownRun, colors: Colors): Rows {
  if (run.steps.length === 0) return [];
  const rows = run.steps.map(({ id, status, attempts, output }) => {
    const last = attempts.at(-1);
    const took = last?.durationMs === undefined ? "" : humanDuration(last.durationMs);
    const count = String(last?.attempt ?? attempts.length);
    const text = status === "completed" ? outputText(output) : note(last);
    return [printable(id), coloredStatus(status, colors), count, took, text];
  });
  return [["step", "status", "attempt", "took", ""].map(colors.dim), ...rows];
}

type Step = ShownRun["steps"][number];

/** What a step gave, as far as it fits on a line. */
function outputText(output: unknown): string {
  const text = output === undefined ? "" : printable(jsonText(output));
  return text.length > MAX_OUTPUT ? `${text.slice(0, MAX_OUTPUT)}…` : text;
}

const MAX_OUTPUT = 100;

function note(attempt: Step["attempts"][number] | undefined): string {
  if (attempt === undefined) return "";
  if (attempt.retryAt !== undefined) return `next try ${humanTime(attempt.retryAt)}`;
  return attempt.durationMs === undefined ? `since ${humanTime(attempt.startedAt)}` : "";
}

/** Each failed attempt of each step. */
function attemptLines(run: ShownRun, colors: Colors): readonly string[] {
  const lines = run.steps.flatMap(({ id, attempts }) =>
    attempts.flatMap(({ attempt, error, durationMs = 0 }) =>
      error === undefined
        ? []
        : [
            `  ${printable(id)} attempt ${attempt}, after ${humanDuration(durationMs)}: ${headline(error)}`,
          ],
    ),
  );
  return lines.length === 0 ? [] : ["", colors.bold("Failed attempts"), ...lines];
}

function timerRows(run: ShownRun): Rows {
  return run.timers.map(({ id, fireAt, firedAt }) => [
    printable(id),
    firedAt === undefined ? `fires ${humanTime(fireAt)}` : `fired ${humanTime(firedAt)}`,
  ]);
}

const MAX_CHILDREN = 100;

function childRows({ children }: ShownRun): Rows {
  const rows = children
    .slice(0, MAX_CHILDREN)
    .map(({ id, runId, closed }) => [printable(id), printable(runId), closed ? "closed" : "open"]);
  const more = children.length - MAX_CHILDREN;
  return more > 0 ? [...rows, [`and ${more} more`, "", ""]] : rows;
}

function errorSection(run: ShownRun, { bold, dim, red }: Colors): readonly string[] {
  const next = `  ${dim("next")}  mend the cause, then: millrace resume ${printable(run.id)}`;
  if (run.status === "crashed") {
    return ["", bold("Crashed"), `  ${red("too many workers died while they held it")}`, next];
  }
  if (run.error === undefined) return [];
  const [first = "", ...rest] = errorLines(run.error, { dim, stacks: true });
  return ["", bold("Error"), `  ${red(first)}`, ...rest.map((line) => `  ${line}`), next];
}

function parkedSection(run: ShownRun, { bold, yellow }: Colors): readonly string[] {
  if (run.parked === undefined) return [];
  const { reason, step, expected, asked } = run.parked;
  return [
    "",
    bold(yellow(`Parked: ${PARKED[reason].what}`)),
    ...(step === "" ? [] : [`  at        ${printable(step)}`]),
    ...(expected === "" ? [] : [`  ${EXPECTED[reason] ?? "expected "} ${printable(expected)}`]),
    ...(asked === "" ? [] : [`  ${ASKED[reason] ?? "asked for"} ${printable(asked)}`]),
    `  next      ${PARKED[reason].next}, then: millrace ${reason === "imported" ? "fork" : "resume"} ${printable(run.id)}`,
  ];
}

/** What `expected` is when it is nothing that the history has. */
const EXPECTED: Readonly<Record<string, string>> = { imported: "from     " };

/** What `asked` is when it is nothing that the flow asked for. */
const ASKED: Readonly<Record<string, string>> = {
  "unreadable-payload": "but      ",
  "too-large": "but has  ",
  "damaged-history": "but has  ",
};

const PARKED: Readonly<
  Record<
    NonNullable<ShownRun["parked"]>["reason"],
    { readonly what: string; readonly next: string }
  >
> = {
  mismatch: {
    what: "the flow's code does not fit its history",
    next: "deploy code that does what the history has, such as the version before",
  },
  "unknown-event": {
    what: "its history has events of a newer Millrace",
    next: "update the workers",
  },
  "unreadable-payload": {
    what: "what is stored of it cannot be read",
    next: "give the workers the codec, the key or the blob that is missing",
  },
  "too-large": {
    what: "what is to be recorded of it fits in no message",
    next: "have the flow say less at once, or raise the broker's max_payload",
  },
  "unknown-flow": {
    what: "the workers that read its queue do not know the flow",
    next: "serve a file that exports it",
  },
  "damaged-history": {
    what: "a part of its history is gone",
    next: "see with millrace verify what is missing; bring it back, or fork the run before the gap",
  },
  imported: {
    what: "it is a copy of a run that was open in another namespace",
    next: "look at it; to go on with it",
  },
};

function foreignSection(run: ShownRun, { bold }: Colors): readonly string[] {
  if (run.foreign.length === 0) return [];
  const lines = run.foreign.map(({ sequence, reason }) => `  ${sequence}: ${printable(reason)}`);
  return ["", bold("Foreign messages on its history (passed over)"), ...lines];
}
