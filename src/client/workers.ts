import { type WorkerPresence, type WorkerStatus, workerStatus } from "../engine/worker-presence.ts";
import { decodePresence, WORKERS } from "../wire/presence-codec.ts";
import type { ClientHost } from "./client-host.ts";

/** A worker as it last told of itself. */
export interface WorkerView extends Omit<WorkerPresence, WorkerTimes> {
  /** Its id, as runs show it: `<host>-<pid>-<random>`. */
  readonly id: string;
  /** `gone` when it has told nothing for 30 s and did not stop in good order: it crashed, hangs or is cut off. */
  readonly status: WorkerStatus;
  readonly startedAt: Date;
  /** When it told of itself last, by its own clock. */
  readonly seenAt: Date;
}

type WorkerTimes = "worker" | "state" | "startedAt" | "seenAt";

/** All workers of the last day: those that serve first, and of equals the newest. */
export async function readWorkers(host: ClientHost): Promise<readonly WorkerView[]> {
  const now = host.clock.now();
  return (await readPresences(host))
    .map((presence) => workerView(presence, now))
    .toSorted(
      (one, other) =>
        RANK[one.status] - RANK[other.status] ||
        other.startedAt.getTime() - one.startedAt.getTime(),
    );
}

/** What every worker of the last day told last, in no order. Records that make no sense are none. */
export async function readPresences({ broker }: ClientHost): Promise<readonly WorkerPresence[]> {
  const records = await broker.control.list(WORKERS);
  return records.flatMap(({ data }) => {
    const decoded = decodePresence(data);
    return decoded.kind === "ok" ? [decoded.value] : [];
  });
}

function workerView(presence: WorkerPresence, now: number): WorkerView {
  const { worker: id, state: _, startedAt, seenAt, ...told } = presence;
  return {
    id,
    status: workerStatus(presence, now),
    ...told,
    startedAt: new Date(startedAt),
    seenAt: new Date(seenAt),
  };
}

const RANK: Readonly<Record<WorkerStatus, number>> = {
  serving: 0,
  draining: 1,
  gone: 2,
  stopped: 3,
};
