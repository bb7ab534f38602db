import { AssertionError } from "node:assert";
import { type EventPattern, isAbout, lineOf, lineOfFields, matches } from "./event-pattern.ts";
import type { TestEvent } from "./test-event.ts";
import type { TestRun } from "./test-run.ts";

/**
 * Checks that a run has recorded events like these, in this order, whatever stands between them; with `exactly`, nothing does.
 * @throws AssertionError with both sides as lines, of which any test runner shows the difference.
 */
export async function assertEvents(
  run: TestRun | readonly TestEvent[],
  patterns: readonly (EventPattern | EventPattern["type"])[],
  options: { readonly exactly?: boolean } = {},
): Promise<void> {
  const events = "events" in run ? await run.events() : run;
  const expected = patterns.map((one) => (typeof one === "string" ? pattern(one) : one));
  const rows = align(events, expected);
  const isWrong = ({ event, pattern: meant }: Row): boolean =>
    meant === undefined ? options.exactly === true : event === undefined || !matches(event, meant);
  const wrong = rows.filter(isWrong);
  if (wrong.length === 0) return;
  const sides = rows.map((row) => sidesOf(row, options.exactly === true));
  const difference = sides.flatMap(({ actual, wanted }) =>
    actual === wanted
      ? [`  ${actual}`]
      : [
          ...(wanted === undefined ? [] : [`- ${wanted}`]),
          ...(actual === undefined ? [] : [`+ ${actual}`]),
        ],
  );
  throw new AssertionError({
    message: `${wrong.length} of the events are not as expected (- expected, + recorded):\n\n${difference.join("\n")}\n`,
    actual: sides.flatMap(({ actual }) => actual ?? []),
    expected: sides.flatMap(({ wanted }) => wanted ?? []),
    operator: "deepStrictEqual",
    stackStartFn: assertEvents,
  });
}

interface Row {
  readonly event: TestEvent | undefined;
  readonly pattern: EventPattern | undefined;
}

function pattern(type: EventPattern["type"]): EventPattern {
  return { type };
}

function sidesOf(
  { event, pattern: meant }: Row,
  exactly: boolean,
): { readonly actual: string | undefined; readonly wanted: string | undefined } {
  if (event === undefined) return { actual: undefined, wanted: lineOfFields(meant ?? {}) };
  if (meant !== undefined) {
    const actual = lineOf(event, meant);
    return { actual, wanted: matches(event, meant) ? actual : lineOfFields(meant) };
  }
  const line = lineOfFields(
    "step" in event ? { type: event.type, step: event.step } : { type: event.type },
  );
  return { actual: line, wanted: exactly ? undefined : line };
}

/** Puts each pattern beside the event that it stands for: as many as match, and then as many as speak of the same thing. */
function align(events: readonly TestEvent[], patterns: readonly EventPattern[]): readonly Row[] {
  const width = patterns.length + 1;
  const best = new Float64Array((events.length + 1) * width);
  const at = (event: number, meant: number): number => best[event * width + meant] ?? 0;
  const worth = (event: number, meant: number): number =>
    worthOf(events[event] as TestEvent, patterns[meant] as EventPattern);
  for (let event = events.length - 1; event >= 0; event--) {
    for (let meant = patterns.length - 1; meant >= 0; meant--) {
      const paired = worth(event, meant);
      const both = paired === 0 ? 0 : paired + at(event + 1, meant + 1);
      best[event * width + meant] = Math.max(both, at(event + 1, meant), at(event, meant + 1));
    }
  }
  const rows: Row[] = [];
  let [event, meant] = [0, 0];
  while (event < events.length || meant < patterns.length) {
    const isPair = event < events.length && meant < patterns.length && worth(event, meant) > 0;
    if (isPair && at(event, meant) === worth(event, meant) + at(event + 1, meant + 1)) {
      rows.push({ event: events[event++], pattern: patterns[meant++] });
    } else if (event < events.length && at(event, meant) === at(event + 1, meant)) {
      rows.push({ event: events[event++], pattern: undefined });
    } else rows.push({ event: undefined, pattern: patterns[meant++] });
  }
  return rows;
}

/** More than all pairs that only speak of the same thing are worth together. */
const MATCH = 100_000;

function worthOf(event: TestEvent, meant: EventPattern): number {
  if (matches(event, meant)) return MATCH;
  return isAbout(event, meant) ? 1 : 0;
}
