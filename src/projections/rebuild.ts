import type { PartitionProjector } from "./partition-projector.ts";
import { pause } from "./pause.ts";
import { ProjectionGroup, type ProjectionParts } from "./projection-group.ts";
import { PROJECTION_VERSION } from "./projection-version.ts";
import type { ProjectorStatus } from "./projector-status.ts";
import type { RunStore } from "./run-store.ts";

/**
 * Builds the view anew beside the one that is read, from the start of each partition, until it has caught up, and makes it the
 * one that is read. What was built stays when this ends early (a crash, the signal), and the next one goes on from there. Of
 * several at once one builds, and all are done when it has switched over.
 *
 * @returns what became of it.
 */
export async function rebuild(parts: RebuildParts, signal: AbortSignal): Promise<RebuildEnd> {
  const { store, log, onProgress } = parts;
  if (parts.anew === true) await discard(store);
  while (!signal.aborted) {
    const view = await store.open("rebuild", VERSION);
    const targets = await tips(parts);
    const group = new ProjectionGroup(view, parts);
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    const running = group.run(over.signal);
    void running.then(end);
    while (!over.signal.aborted && !hasCaughtUp(group.projectors, targets)) {
      onProgress?.(group.status, targets);
      await pause(parts.clock, LOOK_MS, over.signal);
    }
    const hasEnded = over.signal.aborted;
    // Nothing is under way any more when it is switched over.
    end();
    const ended = await running;
    signal.removeEventListener("abort", end);
    if (signal.aborted) break;
    if (ended.kind === "gone") return "switched by another";
    if (ended.kind === "mismatch") {
      log.error(`${ended.why}. What was rebuilt until now is thrown away, and begun anew.`);
      await discard(store);
    } else if (!hasEnded) {
      await store.switchOver();
      return "switched";
    }
  }
  return "stopped";
}

export interface RebuildParts extends ProjectionParts {
  readonly store: RunStore;
  /** Throws away what an earlier rebuild left. Default: goes on with it. */
  readonly anew?: boolean;
  /** Told now and then how far each partition is, and where each one's stream ended when this began. */
  readonly onProgress?: (
    status: readonly ProjectorStatus[],
    targets: ReadonlyMap<number, number>,
  ) => void;
}

export type RebuildEnd = "switched" | "switched by another" | "stopped";

/** As the store has it, which only knows whether two are the same. */
export const VERSION = String(PROJECTION_VERSION);

/** A view that another version began is not gone on with. */
async function discard(store: RunStore): Promise<void> {
  await store.open("rebuild", "none");
}

async function tips({ feed }: ProjectionParts): Promise<ReadonlyMap<number, number>> {
  const extents = Array.from({ length: feed.partitions }, async (_, partition) => {
    const { last } = await feed.extent(partition);
    return [partition, last] as const;
  });
  return new Map(await Promise.all(extents));
}

/**
 * The end that a stream had is not always read: what stands there may be nothing that is fed. Where little is left a moment
 * of silence is enough; the view is caught up after it is switched over anyway.
 */
function hasCaughtUp(
  projectors: readonly PartitionProjector[],
  targets: ReadonlyMap<number, number>,
): boolean {
  return projectors.every((projector, partition) => {
    const target = targets.get(partition) ?? 0;
    const isNear = target - projector.status.sequence <= SMALL;
    return projector.holds(target) || projector.dryForMs >= (isNear ? SOON_MS : LATE_MS);
  });
}

const LOOK_MS = 200;
const SMALL = 1_000;
const SOON_MS = 1_000;
const LATE_MS = 10_000;
