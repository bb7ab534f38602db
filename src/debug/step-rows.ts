import { isPlain } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { readErrorText } from "../wire/error-codec.ts";
import { barOf, type TimelineBar, type TimelineRow, type TimelineView } from "./timeline-row.ts";

/** A row for each step: a bar for each attempt, and for each wait between two. */
export function stepRows(view: TimelineView): readonly TimelineRow[] {
  const steps = new Map<string, Draft>();
  for (const event of view.events) {
    if (event.type === "Activated") {
      for (const draft of steps.values()) lose(draft, event.at, view);
    } else if ("attempt" in event) {
      const draft = steps.get(event.step) ?? {
        bars: [],
        began: undefined,
        retryAt: undefined,
        attempts: 0,
      };
      steps.set(event.step, draft);
      apply(draft, event, view);
    }
  }
  return [...steps].map(([label, draft]) => {
    end(draft, view);
    return { kind: "step", label, bars: draft.bars, detail: detailOf(draft) };
  });
}

interface Draft {
  readonly bars: TimelineBar[];
  /** When the attempt that goes on began, if its beginning is recorded. */
  began: { readonly attempt: number; readonly at: number } | undefined;
  /** Since when and until when the next attempt waits. */
  retryAt: { readonly from: number; readonly due: number } | undefined;
  attempts: number;
}

type AttemptEvent = Extract<RunEvent, { readonly step: string; readonly attempt: number }>;

function apply(draft: Draft, event: AttemptEvent, view: TimelineView): void {
  const { attempt, at } = event;
  draft.attempts = attempt;
  const from = event.type === "StepStarted" ? at : event.startedAt;
  wait(draft, from, view);
  if (event.type === "StepStarted") {
    draft.began = { attempt, at };
    return;
  }
  draft.began = undefined;
  const kind = event.type === "StepCompleted" ? "completed" : "failed";
  const why = event.type === "StepCompleted" ? "" : `: ${errorText(event)}`;
  draft.bars.push(barOf(kind, `attempt ${attempt} ${kind}${why}`, from, at, view));
  if (event.type === "StepAttemptFailed") draft.retryAt = { from: at, due: event.retryAt };
}

/** The worker that made the attempt is gone: nobody knows when it stopped. */
function lose(draft: Draft, at: number, view: TimelineView): void {
  if (draft.began === undefined) return;
  const { attempt, at: from } = draft.began;
  draft.bars.push(barOf("lost", `attempt ${attempt} lost with its worker`, from, at, view));
  draft.began = undefined;
}

function wait(draft: Draft, until: number, view: TimelineView): void {
  if (draft.retryAt === undefined) return;
  const { from } = draft.retryAt;
  draft.bars.push(barOf("retry", "waits for its next attempt", from, Math.max(from, until), view));
  draft.retryAt = undefined;
}

/** What goes on when the history ends. */
function end(draft: Draft, view: TimelineView): void {
  if (draft.retryAt !== undefined) {
    const { from } = draft.retryAt;
    draft.bars.push(barOf("retry", "waits for its next attempt", from, undefined, view));
  }
  if (draft.began === undefined) return;
  const { attempt, at } = draft.began;
  draft.bars.push(barOf("running", `attempt ${attempt} goes on`, at, undefined, view));
}

function detailOf({ bars, attempts }: Draft): string {
  const last = bars.at(-1)?.kind;
  const state = last === "completed" ? "" : last === "failed" ? "failed" : "goes on";
  const count = attempts > 1 ? `${attempts} attempts` : "";
  return [count, state].filter((text) => text !== "").join(", ");
}

function errorText({ error }: Extract<AttemptEvent, { readonly error: unknown }>): string {
  const text = isPlain(error) ? readErrorText(error) : undefined;
  return text === undefined ? "an error that is not opened" : `${text.name}: ${text.message}`;
}
