import type { Logger } from "pino";
import type { Clock } from "../ports/clock.ts";
import type { EventFeed } from "../ports/event-feed.ts";
import { PartitionProjector, type ProjectionEnd } from "./partition-projector.ts";
import type { ProjectorStatus } from "./projector-status.ts";
import type { RunView } from "./run-store.ts";

/** The projectors of all partitions at one view: they end together. */
export class ProjectionGroup {
  readonly projectors: readonly PartitionProjector[];

  /** `upTo`: for each partition the sequence after which it is done. Default: they go on for ever. */
  constructor(view: RunView, { feed, clock, log }: ProjectionParts, upTo: readonly number[] = []) {
    const limitBytes = Math.max(LEAST_BYTES, READ_AHEAD_BYTES / feed.partitions);
    this.projectors = Array.from({ length: feed.partitions }, (_, partition) => {
      const last = upTo[partition];
      const end = last === undefined ? {} : { upTo: last };
      return new PartitionProjector({ partition, feed, view, clock, log, limitBytes, ...end });
    });
  }

  get status(): readonly ProjectorStatus[] {
    return this.projectors.map(({ status }) => status);
  }

  /** Goes on until the signal aborts, all of them are done, or one of them cannot go on with this view. */
  async run(signal: AbortSignal): Promise<ProjectionEnd> {
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      const ends = await Promise.all(
        this.projectors.map(async (projector) => {
          const ended = await projector.run(over.signal);
          if (ended.kind !== "done") end();
          return ended;
        }),
      );
      const isDone = ends.every(({ kind }) => kind === "done");
      return ends.find(isEarly) ?? { kind: isDone ? "done" : "stopped" };
    } finally {
      signal.removeEventListener("abort", end);
    }
  }
}

export interface ProjectionParts {
  readonly feed: EventFeed;
  readonly clock: Clock;
  readonly log: Logger;
}

function isEarly({ kind }: ProjectionEnd): boolean {
  return kind === "gone" || kind === "mismatch";
}

/** What is read ahead of all partitions together. */
const READ_AHEAD_BYTES = 33_554_432;
const LEAST_BYTES = 1_048_576;
