import type { Command } from "../engine/journal.ts";
import type { Wait } from "../engine/wait.ts";
import { waitText } from "../wire/wait-text.ts";

/** When the first of these commands is due, or the run's deadline, in milliseconds since 1970. */
export function earliestDue(commands: Iterable<Command>, deadlineAt: number): number | undefined {
  let earliest = deadlineAt === 0 ? Number.POSITIVE_INFINITY : deadlineAt;
  for (const { dueAt } of commands) if (dueAt !== undefined) earliest = Math.min(earliest, dueAt);
  return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
}

/** What a run waits for, as people read it. The first few say enough. */
export function waitsOf(commands: Iterable<Command>): readonly string[] {
  const waits: string[] = [];
  for (const command of commands) {
    if (waits.length === MAX_WAITS) {
      waits.push("and more");
      break;
    }
    waits.push(waitText(waitOf(command)));
  }
  return waits;
}

const MAX_WAITS = 10;

export function waitOf({ kind, id, topic, dueAt }: Command): Wait {
  switch (kind) {
    case "step":
      return { kind: "retry", step: id, at: dueAt };
    case "timer":
      return { kind: "timer", timer: id, until: dueAt };
    case "receive":
      return { kind: "signal", signal: topic, until: dueAt };
    case "child":
    case "outcome":
      return { kind: "run", run: topic };
  }
}
