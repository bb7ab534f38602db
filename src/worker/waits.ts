import type { Command } from "../engine/journal.ts";

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
    waits.push(waitOf(command));
  }
  return waits;
}

const MAX_WAITS = 10;

function waitOf({ kind, id, topic, dueAt }: Command): string {
  const until = dueAt === undefined ? "" : ` until ${new Date(dueAt).toISOString()}`;
  switch (kind) {
    case "step":
      return `the next attempt of ${id}${until.replace("until", "at")}`;
    case "timer":
      return `${id}${until}`;
    case "receive":
      return `signal ${topic}${until}`;
    case "child":
    case "outcome":
      return `run ${topic}`;
  }
}
