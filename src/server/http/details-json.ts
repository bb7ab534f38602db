import type { Static } from "typebox";
import type { AttemptDetails, RunDetails, StepDetails } from "../../client/run-details.ts";
import { given } from "./given.ts";
import { errorJson, valueJson } from "./payload-json.ts";
import type { DetailsSchema } from "./schemas/details-schema.ts";

type DetailsJson = Static<typeof DetailsSchema>;

/** A run's details as JSON. */
export function jsonOfDetails(details: RunDetails): DetailsJson {
  const { id, status, queue, metadata, epoch, takeOvers, parked } = details;
  const exposed = Object.entries(details.exposed).map(([name, value]) => [name, valueJson(value)]);
  return {
    id,
    status,
    queue,
    metadata,
    epoch,
    takeOvers,
    tags: [...new Set(details.tags)],
    submittedAt: details.submittedAt.toISOString(),
    patches: [...details.patches],
    steps: details.steps.map(stepJson),
    timers: details.timers.map(({ id: timer, fireAt, firedAt }) => ({
      id: timer,
      fireAt: fireAt.toISOString(),
      ...given({ firedAt: time(firedAt) }),
    })),
    children: [...details.children],
    waitingFor: [...details.waitingFor],
    exposed: Object.fromEntries(exposed),
    ...given({
      input: valueJson(details.input),
      output: valueJson(details.output),
      error: details.error === undefined ? undefined : errorJson(details.error),
      startAt: time(details.startAt),
      deadlineAt: time(details.deadlineAt),
      startedAt: time(details.startedAt),
      closedAt: time(details.closedAt),
      worker: text(details.worker),
      version: text(details.version),
      parent: details.parent,
      cancelReason: details.cancelReason,
      progress: details.progress,
      parked:
        parked === undefined
          ? undefined
          : {
              reason: parked.reason,
              expected: parked.expected,
              asked: parked.asked,
              step: parked.step,
            },
    }),
  };
}

function stepJson({ id, status, attempts, output }: StepDetails): DetailsJson["steps"][number] {
  return {
    id,
    status,
    attempts: attempts.map(attemptJson),
    ...given({ output: valueJson(output) }),
  };
}

function attemptJson({ attempt, startedAt, durationMs, retryAt, error }: AttemptDetails) {
  return {
    attempt,
    startedAt: startedAt.toISOString(),
    ...given({
      durationMs,
      retryAt: time(retryAt),
      error: error === undefined ? undefined : errorJson(error),
    }),
  };
}

function time(at: Date | undefined): string | undefined {
  return at?.toISOString();
}

function text(value: string): string | undefined {
  return value === "" ? undefined : value;
}
