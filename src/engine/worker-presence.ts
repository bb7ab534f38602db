/** What a worker tells of itself, now and then. No run's life depends on it. Times are by the worker's own clock. */
export interface WorkerPresence {
  /** Its id, as histories show it. */
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  /** The versions of Node and of Millrace. */
  readonly node: string;
  readonly version: string;
  readonly state: "serving" | "draining" | "stopped";
  /** The queues that it reads. */
  readonly queues: readonly string[];
  /** The flows and tasks that it knows. */
  readonly flows: readonly string[];
  /** Runs that may execute there at once. */
  readonly concurrency: number;
  /** Runs that execute. */
  readonly running: number;
  /** Runs in memory, waiting ones included. */
  readonly held: number;
  /** How late its event loop was of late, in milliseconds: 99 of 100 times no later. */
  readonly lagMs: number;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** When it told this, in milliseconds since 1970. */
  readonly seenAt: number;
}

/** What can be said of a worker: `gone` when it tells nothing any more and did not stop in good order. */
export type WorkerStatus = WorkerPresence["state"] | "gone";

/** How often a worker tells of itself. */
export const PRESENCE_EVERY_MS = 10_000;

/** A worker that has told nothing for longer crashed, hangs or is cut off. */
export const LIVE_WITHIN_MS = 30_000;

/** How long it is known that there was such a worker. */
export const PRESENCE_KEPT_MS = 86_400_000;

/** What a worker is by now, judged by what it told last. */
export function workerStatus({ state, seenAt }: WorkerPresence, now: number): WorkerStatus {
  if (state === "stopped") return "stopped";
  return now - seenAt > LIVE_WITHIN_MS ? "gone" : state;
}

/** True when it takes runs from its queues. */
export function isServing(presence: WorkerPresence, now: number): boolean {
  return workerStatus(presence, now) === "serving";
}
