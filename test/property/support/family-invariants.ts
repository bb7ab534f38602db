import type { RunEvent } from "../../../src/engine/run-event.ts";
import type { Observed } from "./play.ts";
import type { StoredRun } from "./stored-runs.ts";

/** What runs that have ended owe each other and did not do, or nothing. */
export function brokenBetween(runs: ReadonlyMap<string, StoredRun>): string | undefined {
  for (const run of runs.values()) {
    const broken = brokenChildren(run, runs) ?? brokenTelling(run, runs);
    if (broken !== undefined) return `${run.id}: ${broken}`;
  }
  return undefined;
}

type Submitted = Extract<RunEvent, { type: "ChildSubmitted" }>;

/** I5: each child is submitted, and does not outlive its parent if it must not. */
function brokenChildren(run: StoredRun, runs: ReadonlyMap<string, StoredRun>): string | undefined {
  const events = run.frames.flatMap((frame) => frame.events);
  const end = events.at(-1)?.type;
  const wasStopped = events.some(({ type }) => type === "CancelRequested") || end === "Cancelled";
  for (const event of events) {
    if (event.type !== "ChildSubmitted") continue;
    const child = runs.get(event.runId);
    if (child?.submission === undefined) {
      // One that a cancellation overtook is never submitted.
      if (wasStopped) continue;
      return `I5: child ${event.runId} was never submitted`;
    }
    if (mustStop(event, end) && !isOver(event, events) && !isCancelled(child)) {
      return `child ${event.runId} was not cancelled`;
    }
  }
  return undefined;
}

function mustStop({ onParentClose }: Submitted, end: string | undefined): boolean {
  return onParentClose === "cancel" || (onParentClose === "" && end === "Cancelled");
}

function isOver({ runId }: Submitted, parent: readonly RunEvent[]): boolean {
  return parent.some(
    (event) => event.type === "InputFolded" && event.kind === "closed" && event.name === runId,
  );
}

function isCancelled({ inbox }: StoredRun): boolean {
  return inbox.some(({ body }) => body.type === "Cancel");
}

/** I5: whoever waits for a run is told of its end: its parent, and every run that asked. */
function brokenTelling(run: StoredRun, runs: ReadonlyMap<string, StoredRun>): string | undefined {
  const parent = run.submission?.parent?.runId;
  const watchers = run.inbox.flatMap(({ body }) => (body.type === "Watch" ? [body.runId] : []));
  for (const waiter of [...(parent === undefined ? [] : [parent]), ...watchers]) {
    const isTold = runs
      .get(waiter)
      ?.inbox.some(({ body }) => body.type === "RunClosed" && body.runId === run.id);
    if (isTold !== true) return `I5: ${waiter} was not told of its end`;
  }
  return undefined;
}

/** I6: what each execution of each run received is what was sent, in the order in which it was stored, and nothing twice. */
export function brokenReceiving(
  runs: ReadonlyMap<string, StoredRun>,
  valuesOf: (run: StoredRun, signal: string) => readonly unknown[],
  observed: readonly Observed[],
): string | undefined {
  for (const { runId, received } of observed) {
    const run = runs.get(runId);
    if (run === undefined) return `${runId} was executed and never submitted`;
    for (const signal of new Set(received.map((one) => one.signal))) {
      const values = received.filter((one) => one.signal === signal).map(({ value }) => value);
      const sent = valuesOf(run, signal).slice(0, values.length);
      if (values.join() !== sent.join()) {
        return `I6: ${runId} received ${values.join()} by ${signal}, and ${sent.join()} was sent`;
      }
    }
  }
  return undefined;
}
