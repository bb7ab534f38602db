import { createHash } from "node:crypto";
import type { EventFeed } from "../../ports/event-feed.ts";

/** A place in the namespace's log: the last sequence of each partition that somebody has been told of. */
export type LogPosition = readonly number[];

/** The position as text, such as `3f2a9c01.812-790`: which log it is of, and the partitions' sequences in order. */
export function formatPosition(log: string, position: LogPosition): string {
  return `${log}.${position.join("-")}`;
}

/** What {@link formatPosition} was given; nothing for a position in another log, or for what is none. */
export function parsePosition(log: string, text: string): LogPosition | undefined {
  const [name, sequences, ...rest] = text.split(".");
  if (name !== log || sequences === undefined || rest.length > 0) return undefined;
  const position = sequences.split("-").map(readSequence);
  return position.every((sequence) => sequence !== undefined) ? position : undefined;
}

/** The log as it stands: its name, which is another one when a partition is made anew, and its end. */
export async function readLog(
  feed: EventFeed,
): Promise<{ readonly log: string; readonly end: LogPosition }> {
  const partitions = Array.from({ length: feed.partitions }, (_, partition) => partition);
  const extents = await Promise.all(partitions.map((partition) => feed.extent(partition)));
  const names = extents.map(({ incarnation }) => incarnation).join("\n");
  const log = createHash("sha256").update(names).digest("hex").slice(0, 8);
  return { log, end: extents.map(({ last }) => last) };
}

function readSequence(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
