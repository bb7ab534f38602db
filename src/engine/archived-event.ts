import type { Frame } from "./frame.ts";
import type { RunEvent } from "./run-event.ts";

/** The event that leads to the file of a run in the archive. */
export type ArchivedEvent = Extract<RunEvent, { type: "Archived" }>;

/** What the frame says of the archive, if its run is there. */
export function archivedIn(frame: Pick<Frame, "events"> | undefined): ArchivedEvent | undefined {
  const first = frame?.events[0];
  return first?.type === "Archived" ? first : undefined;
}
