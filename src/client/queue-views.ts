import { isToken } from "../engine/names.ts";
import { isServing, type WorkerPresence } from "../engine/worker-presence.ts";
import type { QueueBacklog } from "../ports/work-queue.ts";
import { QUEUE_SETTINGS } from "../wire/queue-settings-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { QueueHandle, type QueueState } from "./queue-handle.ts";
import { readPresences } from "./workers.ts";

/** A queue with all that is known of it: settings, slots, what waits, and who serves it. */
export interface QueueView extends QueueState {
  /** Submissions that no worker was handed yet, those with a priority included. */
  readonly waiting: number;
  /** When the first of them was stored, by the broker's clock. */
  readonly oldestAt: Date | undefined;
  /** Inputs of its runs that no worker was handed yet. */
  readonly inputs: number;
  /** Messages that workers have: one for each run that they hold, and what is on its way. */
  readonly handedOut: number;
  /** How long a dead worker keeps its runs. Nothing while nobody has ever served the queue. */
  readonly leaseMs: number | undefined;
  /** The workers that take runs from it now. */
  readonly workers: readonly string[];
}

/** All queues that somebody has read or settled something for, or that a worker serves, by name. */
export async function readQueues(host: ClientHost): Promise<readonly QueueView[]> {
  const { control, queues } = host.broker;
  const [settled, backlogs, presences] = await Promise.all([
    control.list(QUEUE_SETTINGS),
    queues.report(),
    readPresences(host),
  ]);
  const now = host.clock.now();
  const serving = presences.filter((presence) => isServing(presence, now));
  const byName = new Map(backlogs.map((backlog) => [backlog.queue, backlog]));
  const names = new Set([
    ...settled.map(({ key }) => key.slice(QUEUE_SETTINGS.length + 1)),
    ...byName.keys(),
    ...serving.flatMap((presence) => presence.queues),
  ]);
  return Promise.all(
    [...names]
      .filter(isToken)
      .toSorted()
      .map(async (name) => ({
        ...(await new QueueHandle(host, name).state()),
        ...backlogOf(byName.get(name)),
        workers: workersOf(name, serving),
      })),
  );
}

function workersOf(queue: string, serving: readonly WorkerPresence[]): readonly string[] {
  return serving.filter(({ queues }) => queues.includes(queue)).map(({ worker }) => worker);
}

function backlogOf(
  backlog: QueueBacklog | undefined,
): Omit<QueueView, keyof QueueState | "workers"> {
  const { waiting = 0, oldestAt, inputs = 0, handedOut = 0, leaseMs } = backlog ?? {};
  const oldest = oldestAt === undefined ? undefined : new Date(oldestAt);
  return { waiting, oldestAt: oldest, inputs, handedOut, leaseMs };
}
