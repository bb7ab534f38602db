/** Runs that wait for something that their flow asked for: time, a signal, another run, the next attempt of a step. */
import type { RunState } from "../../engine/run-state.ts";
import { START_TIMER } from "../../engine/step-id.ts";
import type { Wait } from "../../engine/wait.ts";
import { waitText } from "../../wire/wait-text.ts";
import { explainScheduled } from "./explain-take-up.ts";
import type { AnyVerdict } from "./explanation.ts";
import type { RunFacts } from "./run-facts.ts";
import { brief, some, when } from "./texts.ts";

/**
 * What it waits for, the most telling first: other runs, signals, a retry, time. `attempts` says how many each step may have,
 * where that is known.
 */
export function explainWaits(
  facts: RunFacts,
  state: RunState,
  waits: readonly Wait[],
  attempts: Readonly<Record<string, number>>,
): AnyVerdict {
  const start = waits.find((wait) => wait.kind === "timer" && wait.timer === START_TIMER);
  if (start?.kind === "timer" && start.until !== undefined) {
    return explainScheduled(facts, start.until, facts.submission?.submittedAt ?? state.startedAt);
  }
  const kind = ORDER.find((one) => waits.some((wait) => wait.kind === one));
  switch (kind) {
    case "run":
      return explainRuns(state, waits);
    case "signal":
      return explainSignals(facts, state, waits);
    case "retry":
      return explainRetry(facts, state, waits, attempts);
    case "timer":
      return explainSleep(facts, state, waits);
    case undefined:
      return explainSomething(facts, state);
  }
}

const ORDER = ["run", "signal", "retry", "timer"] as const;

function explainRuns(state: RunState, waits: readonly Wait[]): AnyVerdict {
  const runs = waits.flatMap((wait) => (wait.kind === "run" ? [wait.run] : []));
  const own = new Set([...state.children.values()].map(({ runId }) => runId));
  const children = runs.filter((run) => own.has(run));
  const also = others(waits, "run");
  const since = new Date(state.updatedAt);
  const { worker } = state;
  if (children.length > 0) {
    const watched = runs.filter((run) => !own.has(run));
    const besides = watched.length === 0 ? "" : `, and for ${some(watched)}, which others started`;
    return {
      reason: "waiting-for-children",
      sentence: `It waits for its children ${some(children)} to end${besides}${also}.`,
      next: `See why that one has not ended: millrace explain ${children[0]}`,
      since,
      facts: { children, worker },
    };
  }
  return {
    reason: "waiting-for-run",
    sentence: `It waits for ${some(runs)} to end, which it did not start itself${also}.`,
    next: `See why that one has not ended: millrace explain ${runs[0]}`,
    since,
    facts: { runs, worker },
  };
}

function explainSignals(facts: RunFacts, state: RunState, waits: readonly Wait[]): AnyVerdict {
  const signals = waits.flatMap((wait) => (wait.kind === "signal" ? [wait] : []));
  const named = signals.map(({ signal, until }) =>
    until === undefined ? signal : `${signal} until ${when(until, facts)}`,
  );
  return {
    reason: "waiting-for-signal",
    sentence: `It waits for signal ${some(named)}${others(waits, "signal")}.`,
    next: `Send it: millrace signal ${facts.run} ${signals[0]?.signal} <value as JSON>`,
    since: new Date(state.updatedAt),
    facts: {
      signals: signals.map(({ signal, until }) => ({ name: signal, until: dateOf(until) })),
      worker: state.worker,
    },
  };
}

function explainRetry(
  facts: RunFacts,
  state: RunState,
  waits: readonly Wait[],
  allowed: Readonly<Record<string, number>>,
): AnyVerdict {
  const retries = waits.flatMap((wait) => (wait.kind === "retry" ? [wait] : []));
  const [first] = retries.toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0));
  const step = first?.step ?? "";
  const last = state.steps.get(step)?.attempts.at(-1);
  const failed = last?.attempt ?? 0;
  const attempts = allowed[step];
  const error = facts.errors.get(step);
  const what = error === undefined ? "" : ` (${brief(`${error.name}: ${error.message}`)})`;
  const of = attempts === undefined ? "" : ` of ${attempts}`;
  const at = first?.at === undefined ? "" : ` at ${when(first.at, facts)}`;
  const also = others(
    waits.filter((wait) => wait !== first),
    undefined,
  );
  return {
    reason: "retrying",
    sentence: `Attempt ${failed}${of} of step ${step} failed${what}, and the next one comes${at}${also}.`,
    next: "Mend the cause before then, or wait for it.",
    since: new Date(last?.endedAt ?? state.updatedAt),
    facts: { step, failed, attempts, retryAt: dateOf(first?.at), error, worker: state.worker },
  };
}

function explainSleep(facts: RunFacts, state: RunState, waits: readonly Wait[]): AnyVerdict {
  const timers = waits.flatMap((wait) => (wait.kind === "timer" ? [wait] : []));
  const [first] = timers.toSorted((one, other) => (one.until ?? 0) - (other.until ?? 0));
  const until =
    first?.until === undefined ? "a time that is not recorded" : when(first.until, facts);
  const also = others(
    waits.filter((wait) => wait !== first),
    undefined,
  );
  return {
    reason: "sleeping",
    sentence: `It sleeps (${first?.timer}) until ${until}${also}.`,
    next: "Nothing to do.",
    since: new Date(state.updatedAt),
    facts: { timer: first?.timer ?? "", until: dateOf(first?.until), worker: state.worker },
  };
}

function explainSomething(facts: RunFacts, state: RunState): AnyVerdict {
  return {
    reason: "waiting-for-something",
    sentence: "It waits, and its history does not say for what.",
    next: `See all that is recorded: millrace show ${facts.run}`,
    since: new Date(state.updatedAt),
    facts: { waits: state.suspended?.waits ?? [], worker: state.worker },
  };
}

/** What it waits for besides: any one of them may end the wait. */
function others(waits: readonly Wait[], kind: Wait["kind"] | undefined): string {
  const rest = waits.filter((wait) => wait.kind !== kind).map(waitText);
  return rest.length === 0 ? "" : `, and for ${some(rest)}`;
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
