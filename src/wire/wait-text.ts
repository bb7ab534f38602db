import { START_TIMER } from "../engine/step-id.ts";
import type { Wait } from "../engine/wait.ts";

/** The text that stands for it in a history, as people read it. */
export function waitText(wait: Wait): string {
  switch (wait.kind) {
    case "retry":
      return `the next attempt of ${wait.step}${timeText("at", wait.at)}`;
    case "timer":
      return `${wait.timer}${timeText("until", wait.until)}`;
    case "signal":
      return `signal ${wait.signal}${timeText("until", wait.until)}`;
    case "run":
      return `run ${wait.run}`;
  }
}

/** What {@link waitText} was made of. Nothing for a text that names nothing, such as `and more`. */
export function readWait(text: string): Wait | undefined {
  const { what, time } = split(text);
  if (what.startsWith(RETRY)) return { kind: "retry", step: what.slice(RETRY.length), at: time };
  if (what.startsWith(SIGNAL)) {
    return { kind: "signal", signal: what.slice(SIGNAL.length), until: time };
  }
  if (text.startsWith(RUN)) return { kind: "run", run: text.slice(RUN.length) };
  const isTimer = what === START_TIMER || what.includes("#");
  return isTimer ? { kind: "timer", timer: what, until: time } : undefined;
}

const RETRY = "the next attempt of ";
const SIGNAL = "signal ";
const RUN = "run ";

function timeText(word: string, time: number | undefined): string {
  return time === undefined ? "" : ` ${word} ${new Date(time).toISOString()}`;
}

function split(text: string): { readonly what: string; readonly time: number | undefined } {
  const [, what, iso] =
    /^(.+) (?:at|until) ([+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/s.exec(text) ?? [];
  const time = Date.parse(iso ?? "");
  return what === undefined || Number.isNaN(time)
    ? { what: text, time: undefined }
    : { what, time };
}
