import { MillraceError } from "../engine/millrace-error.ts";
import { pause } from "./pause.ts";
import { ProjectionGroup, type ProjectionParts } from "./projection-group.ts";
import { PROJECTION_VERSION } from "./projection-version.ts";
import type { ProjectorState, ProjectorStatus } from "./projector-status.ts";
import { rebuild, VERSION } from "./rebuild.ts";
import type { RunStore } from "./run-store.ts";

/**
 * Keeps the live view up to date until it is stopped. Runs do not need it, and it needs nobody: whatever fails is tried
 * again for ever and shown in the status. It rebuilds the view by itself when a partition's stream was made anew, and when
 * the view is of an older version of the projection; what was there is read until the new one has caught up.
 */
export function startProjector(parts: ProjectorParts): Projector {
  const projection = new LiveProjection(parts);
  const over = new AbortController();
  const running = projection.run(over.signal);
  return {
    get status() {
      return projection.status;
    },
    stop: async () => {
      over.abort();
      await running;
    },
  };
}

export interface ProjectorParts extends ProjectionParts {
  readonly store: RunStore;
}

export interface Projector {
  readonly status: readonly ProjectorStatus[];
  /** Resolves when what was under way is stored. */
  stop(): Promise<void>;
}

class LiveProjection {
  readonly #parts: ProjectorParts;
  #status: () => readonly ProjectorStatus[];

  constructor(parts: ProjectorParts) {
    this.#parts = parts;
    this.#status = () => this.#still("starting", "");
  }

  get status(): readonly ProjectorStatus[] {
    return this.#status();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#turn(signal);
        failures = 0;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#status = () => this.#still("retrying", message);
        log.warn({ err: error }, "The projection cannot begin, and tries again");
        await pause(clock, Math.min(BACKOFF_MS * 2 ** failures++, MAX_BACKOFF_MS), signal);
      }
    }
    const last = this.#status();
    this.#status = () => last.map((one) => ({ ...one, state: "stopped", eventsPerSecond: 0 }));
  }

  /** Follows the live view as long as it is the live one, or rebuilds it. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#parts;
    try {
      const group = new ProjectionGroup(await store.open("live", VERSION), this.#parts);
      this.#status = () => group.status;
      const end = await group.run(signal);
      if (end.kind !== "mismatch") return;
      log.error(`${end.why}. The view is rebuilt; until then it shows what was there before.`);
    } catch (error) {
      const found = versionIn(error);
      if (found === undefined) throw error;
      // Two replicas of different versions do not rebuild what the other one has rebuilt.
      if (found > PROJECTION_VERSION) return this.#leaveAlone(found, signal);
      log.warn(
        `The view is of version ${found} of the projection, this is ${VERSION}: it is rebuilt.`,
      );
    }
    await this.#rebuild(signal);
  }

  async #rebuild(signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    this.#status = () => this.#still("rebuilding", "");
    const onProgress = (status: readonly ProjectorStatus[]): void => {
      const shown = status.map((one) => ({
        ...one,
        state: BUILDING.has(one.state) ? ("rebuilding" as const) : one.state,
      }));
      this.#status = () => shown;
    };
    const end = await rebuild({ ...this.#parts, onProgress }, signal);
    if (end !== "stopped") log.info("The view was rebuilt.");
  }

  async #leaveAlone(found: number, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const message = `The view is of version ${found} of the projection, this process knows ${VERSION}: it leaves it alone.`;
    this.#status = () => this.#still("standby", message);
    log.warn(message);
    await pause(clock, LEFT_ALONE_MS, signal);
  }

  #still(state: ProjectorStatus["state"], lastError: string): readonly ProjectorStatus[] {
    const none = { sequence: 0, lagEvents: 0, lagSeconds: 0, eventsPerSecond: 0 };
    return Array.from({ length: this.#parts.feed.partitions }, (_, partition) => ({
      partition,
      state,
      ...none,
      lastError,
    }));
  }
}

/** The version of a view that is of another version than this. */
function versionIn(error: unknown): number | undefined {
  if (!(error instanceof MillraceError) || error.code !== "VIEW_OUTDATED") return undefined;
  return "found" in error ? Number(error.found) : 0;
}

const BUILDING: ReadonlySet<ProjectorState> = new Set(["starting", "reading"]);
const LEFT_ALONE_MS = 30_000;
const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
