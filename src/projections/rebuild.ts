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
  const { store, log } = parts;
  if (parts.anew === true) await discard(store);
  while (!signal.aborted) {
    const view = await store.open("rebuild", VERSION);
    const targets = await tips(parts);
    const group = new ProjectionGroup(view, parts, targets);
    const over = new AbortController();
    const told = tellOf(group, targets, parts, over.signal);
    const ended = await group.run(signal);
    over.abort();
    await told;
    switch (ended.kind) {
      case "stopped":
        continue;
      case "gone":
        return "switched by another";
      case "mismatch":
        log.error(`${ended.why}. What was rebuilt until now is thrown away, and begun anew.`);
        await discard(store);
        continue;
      case "done":
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
  readonly onProgress?: (status: readonly ProjectorStatus[], targets: readonly number[]) => void;
}

export type RebuildEnd = "switched" | "switched by another" | "stopped";

/** As the store has it, which only knows whether two are the same. */
export const VERSION = String(PROJECTION_VERSION);

/** A view that another version began is not gone on with. */
async function discard(store: RunStore): Promise<void> {
  await store.open("rebuild", "none");
}

/** Where each partition ends now. What comes later is folded when the view is the one that is read. */
function tips({ feed }: ProjectionParts): Promise<readonly number[]> {
  const partitions = Array.from({ length: feed.partitions }, (_, partition) => partition);
  return Promise.all(partitions.map(async (partition) => (await feed.extent(partition)).last));
}

async function tellOf(
  group: ProjectionGroup,
  targets: readonly number[],
  { clock, onProgress }: RebuildParts,
  signal: AbortSignal,
): Promise<void> {
  if (onProgress === undefined) return;
  while (!signal.aborted) {
    onProgress(group.status, targets);
    await pause(clock, TELL_MS, signal);
  }
}

const TELL_MS = 200;
