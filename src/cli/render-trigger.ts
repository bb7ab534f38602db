import type {
  ExpressionError,
  ResolvedAction,
  TestedEvent,
  TestedFiring,
  TriggerAction,
  TriggerShape,
  TriggerSource,
  TriggerTest,
  TriggerView,
} from "../index.ts";
import { humanDuration, humanTime } from "./human-time.ts";
import { jsonText } from "./json-of.ts";
import { printable } from "./printable.ts";
import { expressionErrorLines } from "./render-expression-error.ts";
import type { Terminal } from "./terminal.ts";

/** `big-orders  order.created  each  submit review  3 fired` */
export function triggerLine(view: TriggerView, { colors }: Terminal): string {
  const { name, spec, paused, fired, failed } = view;
  const reason = paused?.reason ? `: ${printable(paused.reason)}` : "";
  const parts = [
    colors.bold(printable(name)),
    printable(sourceText(spec.on)),
    ...(spec.shape === undefined ? [] : [shapeText(spec.shape)]),
    printable(actionText(spec.action)),
    `${fired} fired`,
    ...(failed === 0 ? [] : [colors.red(`${failed} failed`)]),
    ...(paused === undefined ? [] : [colors.yellow(`paused${reason}`)]),
  ];
  return parts.join("  ");
}

/** Everything that a trigger says, and what it did. */
export function triggerLines(view: TriggerView, terminal: Terminal): readonly string[] {
  const { spec, from, version, lastFiredAt, lastError } = view;
  const { name: _, ...told } = spec;
  const fired = lastFiredAt === undefined ? [] : [`  last fired ${humanTime(lastFiredAt)}`];
  const failed =
    lastError === undefined
      ? []
      : [`  last failed ${humanTime(lastError.at)}: ${printable(lastError.message)}`];
  const json = jsonText(told, 2).split("\n");
  return [
    triggerLine(view, terminal),
    `  from ${from}, version ${version}, changed ${humanTime(view.changedAt)}`,
    ...fired,
    ...failed,
    ...json.map((line) => `  ${printable(line)}`),
  ];
}

/** What a dry run found: each event with why it does not count, then what would have been done. */
export function triggerTestLines(test: TriggerTest, terminal: Terminal): readonly string[] {
  const { colors } = terminal;
  const more = test.seen > test.events.length ? `, the last ${test.events.length} shown` : "";
  const cut = test.isCut ? colors.yellow(" There were more, which are left out.") : "";
  return [
    ...test.events.flatMap((tested) => eventLines(tested, terminal)),
    `${test.seen} events looked at${more}: ${test.matched} match.${cut}`,
    ...test.firings.flatMap((firing) => firingLines(firing, terminal)),
    `${test.fired} firings.`,
  ];
}

function eventLines(tested: TestedEvent, { colors }: Terminal): readonly string[] {
  const { event, isMatch, role, failed, reason, error, key } = tested;
  const mark = isMatch ? colors.green("match") : colors.dim("  no ");
  const about = event.subject === undefined ? "" : `  ${printable(event.subject)}`;
  const of = key === undefined ? "" : colors.dim(`  by ${printable(key)}`);
  const other = role === "other" ? colors.dim("  (awaited)") : "";
  const line = `${mark}  ${event.time}  ${printable(event.type)}${about}${of}${other}`;
  if (isMatch) return [line];
  return [
    line,
    `       ${printable(failed ?? "")}: ${printable(reason ?? "")}`,
    ...faultLines(error, colors.red),
  ];
}

function firingLines({ at, events, action, error }: TestedFiring, { colors }: Terminal): string[] {
  const what = action === undefined ? colors.red("cannot act") : printable(resolvedText(action));
  const of = `${events.length} ${events.length === 1 ? "event" : "events"}`;
  return [
    `${colors.bold("fires")}  ${at.toISOString()}  with ${of}: ${what}`,
    ...(error === undefined ? [] : [`       ${printable(error.message)}`]),
    ...faultLines(error, colors.red),
  ];
}

function faultLines(
  error: ExpressionError | undefined,
  paint: (text: string) => string,
): readonly string[] {
  return error === undefined
    ? []
    : expressionErrorLines(error, paint).map((line) => `     ${line}`);
}

function sourceText(on: TriggerSource): string {
  switch (on.kind) {
    case "run": {
      const lasting = on.longerThanMs === undefined ? "" : ` for ${humanDuration(on.longerThanMs)}`;
      return `${on.statuses.map((status) => `run.${status}`).join(", ")}${lasting}`;
    }
    case "event":
      return on.types.join(", ");
    case "subject":
      return `subject ${on.subject}`;
    case "stream":
      return `stream ${on.stream}${on.subject === undefined ? "" : ` ${on.subject}`}`;
  }
}

function shapeText(shape: TriggerShape): string {
  switch (shape.kind) {
    case "each":
      return "each";
    case "debounce":
      return `debounce ${humanDuration(shape.quietMs)}`;
    case "throttle":
      return `${shape.limit} per ${humanDuration(shape.perMs)}`;
    case "batch":
      return `batch of ${shape.size} or ${humanDuration(shape.withinMs)}`;
    case "after":
      return `after ${shape.count} in ${humanDuration(shape.withinMs)}`;
    case "absent":
      return `without ${sourceText(shape.expected)} in ${humanDuration(shape.withinMs)}`;
    case "both":
      return `with ${sourceText(shape.other)} in ${humanDuration(shape.withinMs)}`;
  }
}

function actionText(action: TriggerAction): string {
  switch (action.kind) {
    case "submit":
      return `submit ${action.flow}`;
    case "resubmit":
      return `resubmit, ${action.times} times at most`;
    case "signal":
      return `signal ${action.signal}`;
    case "webhook":
      return `webhook ${action.webhook}`;
    case "publish":
      return `publish ${action.subject}`;
    case "cancel-children":
      return "cancel children";
    case "cancel":
    case "terminate":
    case "resume":
      return action.kind;
  }
}

function resolvedText(action: ResolvedAction): string {
  const { kind, ...rest } = action;
  return `${kind} ${jsonText(rest, 0)}`;
}
