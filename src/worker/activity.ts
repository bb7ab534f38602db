import type { Command, Journal } from "../engine/journal.ts";
import type { RunActivity } from "../engine/run-activity.ts";
import type { Wait } from "../engine/wait.ts";
import type { SlotHold } from "./slot-hold.ts";
import type { StepRunner } from "./step-runner.ts";
import { waitOf } from "./waits.ts";

/** What an activation does now, for whoever asks. */
export function activityOf(parts: ActivityParts): RunActivity {
  const { steps, journal, slot, epoch, crashLimit, phase } = parts;
  const executing = [...steps.executing];
  const going = new Set(executing.map(({ step }) => step));
  const waits: Wait[] = [];
  const attempts: Record<string, number> = {};
  for (const { step } of executing.slice(0, MAX_TOLD)) note(attempts, step, steps);
  for (const command of journal.waiting()) {
    if (waits.length === MAX_TOLD) break;
    if (going.has(command.id) || isToBegin(command)) continue;
    waits.push(waitOf(command));
    if (command.kind === "step") note(attempts, command.id, steps);
  }
  return {
    epoch,
    phase,
    steps: executing
      .slice(0, MAX_TOLD)
      .map(({ step, attempt, startedAt }) => ({ step, attempt, startedAt })),
    waits,
    waitsForSlot: slot.isAsked,
    attempts,
    crashLimit,
  };
}

export interface ActivityParts {
  readonly epoch: number;
  readonly phase: RunActivity["phase"];
  readonly crashLimit: number;
  readonly steps: StepRunner;
  readonly journal: Journal;
  readonly slot: SlotHold;
}

/** How many of each are told: an answer is one small message. */
const MAX_TOLD = 20;

/** A step that was never begun waits for nothing but this worker. */
function isToBegin({ kind, dueAt }: Command): boolean {
  return kind === "step" && dueAt === undefined;
}

function note(attempts: Record<string, number>, step: string, steps: StepRunner): void {
  const allowed = steps.attemptsOf(step);
  if (allowed !== undefined && Number.isFinite(allowed)) attempts[step] = allowed;
}
