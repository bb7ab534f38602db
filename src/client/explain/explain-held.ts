/** Runs that a worker is said to hold. */
import type { ExecutingStep, RunActivity } from "../../engine/run-activity.ts";
import type { RunState } from "../../engine/run-state.ts";
import type { Wait } from "../../engine/wait.ts";
import { workerStatus } from "../../engine/worker-presence.ts";
import { explainAbsence } from "./explain-take-up.ts";
import { explainWaits } from "./explain-waits.ts";
import type { AnyVerdict, StepFact } from "./explanation.ts";
import type { HolderFacts, RunFacts } from "./run-facts.ts";
import { brief, count, some, when } from "./texts.ts";

export function explainHeld(facts: RunFacts, state: RunState, holder: HolderFacts): AnyVerdict {
  if (holder.answer === "gone") {
    return explainAbsence(facts, state.updatedAt) ?? explainGone(facts, state, holder);
  }
  const asked = requestToStop(facts, state);
  if (asked !== undefined) return explainCancelling(facts, state, holder, asked);
  const { activity, worker } = holder;
  if (activity === undefined) return explainUnanswered(facts, state, holder);
  const since = new Date(state.updatedAt);
  if (activity.steps.length > 0) return explainSteps(facts, state, holder, activity.steps);
  if (activity.phase === "leaving") {
    return {
      reason: "leaving",
      sentence: `Worker ${worker} gives it up in good order, because it drains or the run only waits.`,
      next: "Look again in a few seconds.",
      since,
      facts: { worker },
    };
  }
  if (activity.phase === "replaying") {
    return {
      reason: "replaying",
      sentence: `Worker ${worker} replays its history, which has ${count(state.steps.size, "step")}.`,
      next: "Look again in a few seconds.",
      since,
      facts: { worker },
    };
  }
  if (activity.waitsForSlot) return explainFullWorker(state, holder);
  if (activity.waits.length > 0) {
    return explainWaits(facts, state, activity.waits, activity.attempts);
  }
  return {
    reason: "flow-code",
    sentence: `Worker ${worker} runs its flow's own code, which awaits nothing of its context.`,
    next: "If it stays so, look for an await in the flow that is no step: it may never end.",
    since,
    facts: { worker },
  };
}

function explainGone(facts: RunFacts, state: RunState, holder: HolderFacts): AnyVerdict {
  const { worker, presence } = holder;
  const seen = presence === undefined ? "" : `, last seen at ${when(presence.seenAt, facts)},`;
  const lost = presence?.seenAt ?? facts.now;
  const takenOverBy = Math.max(facts.now, lost) + (facts.queue.leaseMs ?? DEFAULT_LEASE_MS);
  return {
    reason: "holder-gone",
    sentence: `Worker ${worker}, which held it${seen} is gone, and another one takes it over by ${when(takenOverBy, facts)}.`,
    next: "Look again then; nothing that was recorded is lost.",
    since: new Date(state.updatedAt),
    facts: {
      worker,
      seenAt: dateOf(presence?.seenAt),
      crashes: state.crashes,
      takenOverBy: new Date(takenOverBy),
    },
  };
}

interface StopRequest {
  readonly why: string;
  readonly at: number;
  /** Its history has it. */
  readonly taken: boolean;
}

function requestToStop(facts: RunFacts, state: RunState): StopRequest | undefined {
  const { cancelReason: why } = state;
  if (why !== undefined) {
    return { why, at: facts.cancelRequestedAt ?? state.updatedAt, taken: true };
  }
  const waiting = facts.inputs.find(({ type }) => type === "Cancel");
  return waiting === undefined
    ? undefined
    : { why: waiting.name, at: waiting.sentAt, taken: false };
}

function explainCancelling(
  facts: RunFacts,
  state: RunState,
  { worker, activity }: HolderFacts,
  { why, at, taken }: StopRequest,
): AnyVerdict {
  const executing = activity?.steps ?? openSteps(state);
  const steps = executing.map((step) => ({
    ...stepFact(step),
    startedBefore: step.startedAt <= at,
  }));
  const ignoring = steps.filter(({ startedBefore }) => startedBefore).map(named(facts));
  const cleaning = steps.filter(({ startedBefore }) => !startedBefore).map(named(facts));
  const asked = `It was asked to stop at ${when(at, facts)} (${brief(why) || "no reason was given"})`;
  const parts = { since: new Date(at), facts: { worker, why, taken, steps } };
  if (!taken) {
    const behind = ignoring.length === 0 ? "" : `, while it executes step ${some(ignoring)}`;
    return {
      reason: "cancelling",
      sentence: `${asked}, and worker ${worker} has not taken that in yet${behind}.`,
      next: `If it stays so, that worker's event loop is blocked. To end the run without clean-up: millrace terminate ${facts.run}`,
      ...parts,
    };
  }
  const rest =
    ignoring.length > 0
      ? `step ${some(ignoring)} goes on all the same: it is shielded, or does not heed its signal`
      : cleaning.length > 0
        ? `it cleans up: step ${some(cleaning)}`
        : "its flow has not ended yet";
  return {
    reason: "cancelling",
    sentence: `${asked}, and ${rest}.`,
    next: `Wait for it, or end the run without clean-up: millrace terminate ${facts.run}`,
    ...parts,
  };
}

/** Its worker did not say what it does: what the history and the lease thread say is all there is. */
function explainUnanswered(facts: RunFacts, state: RunState, holder: HolderFacts): AnyVerdict {
  const { worker, answer, presence } = holder;
  const seenAt = dateOf(presence?.seenAt);
  const steps = openSteps(state);
  const since = new Date(state.updatedAt);
  if (answer === "unknown") {
    return {
      reason: "worker-silent",
      sentence: `Worker ${worker} is said to hold it, and does not answer.`,
      next: "If it stays so it is taken over when the lease has run out; look at that worker and its way to the broker.",
      since,
      facts: { worker, seenAt },
    };
  }
  const isSilent = presence !== undefined && workerStatus(presence, facts.now) === "gone";
  if (isSilent || presence?.state === "serving") {
    const during =
      steps.length === 0
        ? ""
        : `, in step ${some(steps.map(stepFact).map(named(facts)))} or beside it`;
    return {
      reason: "worker-blocked",
      sentence: `Worker ${worker} holds it and keeps its lease, but its event loop is blocked${during}: it answers nothing.`,
      next: "Find the code that blocks it: move long computations to a thread or to steps of their own.",
      since,
      facts: { worker, seenAt, steps: steps.map(stepFact) },
    };
  }
  if (steps.length > 0) return explainSteps(facts, state, holder, steps);
  return explainWaits(facts, state, recordedWaits(state), {});
}

function explainSteps(
  facts: RunFacts,
  state: RunState,
  { worker, activity }: HolderFacts,
  executing: readonly ExecutingStep[],
): AnyVerdict {
  const steps = executing.map(stepFact);
  const names = steps.map(named(facts));
  const since = new Date(Math.min(...executing.map(({ startedAt }) => startedAt)));
  const { crashes } = state;
  if (crashes > 0) {
    const limit = activity?.crashLimit;
    const times = limit === undefined ? String(crashes) : `${crashes} of ${limit}`;
    return {
      reason: "crashing",
      sentence: `Its workers died ${times} times since it last made progress, and worker ${worker} executes step ${some(names)} now.`,
      next: `See in the logs of the workers before what killed them; past the limit it is closed as crashed.`,
      since,
      facts: { worker, crashes, limit, steps },
    };
  }
  return {
    reason: "executing",
    sentence: `Worker ${worker} executes step ${some(names)}.`,
    next: "Wait for it; a step that may hang needs a timeout.",
    since,
    facts: { worker, steps },
  };
}

function explainFullWorker(state: RunState, { worker, presence }: HolderFacts): AnyVerdict {
  const concurrency = presence?.concurrency;
  const many = concurrency === undefined ? "as many runs as it may" : `${concurrency} runs at once`;
  return {
    reason: "waiting-for-worker",
    sentence: `Worker ${worker} holds it and executes ${many}: its next step waits for one of them.`,
    next: "Wait, or start more workers or raise their concurrency.",
    since: new Date(state.updatedAt),
    facts: { worker, concurrency },
  };
}

/** What a history alone says that its flow waits for. A signal that is waited for in memory is not among it. */
function recordedWaits(state: RunState): readonly Wait[] {
  const waits: Wait[] = [];
  for (const { runId, closed } of state.children.values()) {
    if (!closed) waits.push({ kind: "run", run: runId });
  }
  for (const { id, status, attempts } of state.steps.values()) {
    if (status !== "awaiting-retry") continue;
    waits.push({ kind: "retry", step: id, at: attempts.at(-1)?.retryAt });
  }
  for (const { id, fireAt, firedAt } of state.timers.values()) {
    if (firedAt === undefined) waits.push({ kind: "timer", timer: id, until: fireAt });
  }
  return waits;
}

function openSteps(state: RunState): readonly ExecutingStep[] {
  return [...state.steps.values()].flatMap(({ id, status, attempts }) => {
    const last = attempts.at(-1);
    if (status !== "running" || last === undefined) return [];
    return [{ step: id, attempt: last.attempt, startedAt: last.startedAt }];
  });
}

function stepFact({ step, attempt, startedAt }: RunActivity["steps"][number]): StepFact {
  return { step, attempt, since: new Date(startedAt) };
}

function named(facts: RunFacts): (step: StepFact) => string {
  return ({ step, attempt, since }) =>
    `${step} (attempt ${attempt}, since ${when(since.getTime(), facts)})`;
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

/** Of a queue that nobody has ever read. */
const DEFAULT_LEASE_MS = 5_000;
