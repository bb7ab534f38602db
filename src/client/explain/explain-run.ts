import { isClosed } from "../../engine/frame.ts";
import type { RunState } from "../../engine/run-state.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../../engine/run-status.ts";
import type { Wait } from "../../engine/wait.ts";
import { readWait } from "../../wire/wait-text.ts";
import { explainEnd, explainParked } from "./explain-end.ts";
import { explainHeld } from "./explain-held.ts";
import { explainObstacle, explainUnstarted, takingUp } from "./explain-take-up.ts";
import { explainWaits } from "./explain-waits.ts";
import type { AnyVerdict, Explanation } from "./explanation.ts";
import type { RunFacts } from "./run-facts.ts";
import { count, oneLine, some, when } from "./texts.ts";

/** Why a run is where it is: decided from facts alone, and for any facts. */
export function explainRun(facts: RunFacts): Explanation {
  const verdict = verdictOf(facts);
  // A step may have any name.
  const [sentence, next] = [oneLine(verdict.sentence), oneLine(verdict.next)];
  return { run: facts.run, status: statusOf(facts), ...verdict, sentence, next };
}

function statusOf({ state, submission, now }: RunFacts): RunStatus | undefined {
  if (state !== undefined) return runStatus(state.status);
  return submission === undefined ? undefined : statusBeforeStart(submission, now);
}

function verdictOf(facts: RunFacts): AnyVerdict {
  const { state, submission, holder } = facts;
  if (state === undefined) {
    return submission === undefined ? explainAbsentRun(facts) : explainUnstarted(facts);
  }
  const { outcome, parked, updatedAt } = state;
  if (isClosed(state.status) && outcome !== undefined) return explainEnd(facts, state, outcome);
  if (parked !== undefined) return explainParked(facts, parked, updatedAt);
  if (holder !== undefined) return explainHeld(facts, state, holder);
  if (state.suspended !== undefined) return explainSuspended(facts, state);
  return (
    explainObstacle(facts, updatedAt) ??
    takingUp(facts, updatedAt, "the one that had it gave it up in good order")
  );
}

function explainAbsentRun({ run, namespace }: RunFacts): AnyVerdict {
  return {
    reason: "not-found",
    sentence: `There is no run ${run} in namespace ${namespace}.`,
    next: "Check the id (<flow>:<key>) and the namespace: a submission that was accepted is there.",
    since: undefined,
    facts: {},
  };
}

function explainSuspended(facts: RunFacts, state: RunState): AnyVerdict {
  const { inputs, now, queue } = facts;
  const first = inputs[0];
  if (first !== undefined) {
    const obstacle = explainObstacle(facts, first.sentAt);
    if (obstacle !== undefined) return obstacle;
    const names = inputs.map(({ type, name }) => `${type} ${name}`);
    if (now - first.sentAt < SLOW_MS) {
      return takingUp(facts, first.sentAt, `${some(names)} came for it`);
    }
    return {
      reason: "input-not-folded",
      sentence: `${count(inputs.length, "input")} came for it (${some(names)}), the first at ${when(first.sentAt, facts)}, and no worker has taken it up since.`,
      next: `Look at the queue and its workers (millrace queues, millrace workers); a running millrace server wakes it again.`,
      since: new Date(first.sentAt),
      facts: { queue: queue.name, inputs: names },
    };
  }
  const waits = (state.suspended?.waits ?? []).flatMap((text) => readWait(text) ?? []);
  const dueAt = earliest(state, waits);
  if (dueAt !== undefined && now >= dueAt) {
    return explainObstacle(facts, dueAt) ?? explainDue(facts, dueAt);
  }
  return explainWaits(facts, state, waits, {});
}

function explainDue(facts: RunFacts, dueAt: number): AnyVerdict {
  if (facts.now - dueAt < SLOW_MS) return takingUp(facts, dueAt, "what it waited for is due");
  return {
    reason: "wake-up-overdue",
    sentence: `What it waits for was due at ${when(dueAt, facts)}, and no worker has taken it up since.`,
    next: "Look at the broker (millrace doctor) and the workers (millrace workers); a running millrace server wakes it again.",
    since: new Date(dueAt),
    facts: { queue: facts.queue.name, dueAt: new Date(dueAt) },
  };
}

/** When the first thing is due that it waits for. The wake-up comes somewhat earlier. */
function earliest({ suspended }: RunState, waits: readonly Wait[]): number | undefined {
  const times = waits.flatMap((wait) => {
    if (wait.kind === "run") return [];
    return (wait.kind === "retry" ? wait.at : wait.until) ?? [];
  });
  // What is not named, such as a deadline, is only known by its wake-up.
  const wakeAt = suspended?.wakeAt ?? 0;
  if (times.length === 0) return wakeAt === 0 ? undefined : wakeAt + WAKE_EARLY_MS;
  const due = Math.min(...times);
  return wakeAt === 0 ? due : Math.min(due, wakeAt + WAKE_EARLY_MS);
}

/** Taking a run up takes no longer, if nothing is in its way. */
const SLOW_MS = 10_000;
/** A wake-up is ordered so much before what it is for. */
const WAKE_EARLY_MS = 1_500;
