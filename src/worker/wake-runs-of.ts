import type { Logger } from "pino";
import { isActive } from "../engine/frame.ts";
import type { HeldToken } from "../engine/peer-watch/held-list.ts";
import { wakeIfAbandoned } from "../history/ask-after-holder.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { MissingPeer } from "../ports/leases.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { runOfSubject } from "../wire/run-of-subject.ts";

/**
 * Wakes the runs that a worker held which is gone, so that they need not wait for its leases. Each run's head says whether it
 * still had the run, and it is asked once more before: what it held may be out of date, and it may have come back.
 */
export async function wakeRunsOf(host: WakerHost, { worker, held }: MissingPeer): Promise<void> {
  const started = host.clock.now();
  let next = 0;
  const counts = { woken: 0, failed: 0 };
  const wakeOn = async (): Promise<void> => {
    for (let token = held[next++]; token !== undefined; token = held[next++]) {
      if (host.broker.closed.aborted) return;
      try {
        if (await wake(host, worker, token)) counts.woken++;
      } catch (error) {
        // Its lease runs out, and it is handed out again.
        if (counts.failed++ === 0) host.log.warn({ err: error, worker }, "A run was not woken");
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, wakeOn));
  const ms = host.clock.now() - started;
  host.log.info(
    { gone: worker, held: held.length, ...counts, ms },
    "A worker is gone: woke its runs",
  );
}

/** What it needs of its worker. */
interface WakerHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
}

async function wake(
  host: WakerHost,
  worker: string,
  { partition, sequence }: HeldToken,
): Promise<boolean> {
  const { log, feed } = host.broker;
  const token = await log.message(partition, sequence);
  if (token === undefined) return false;
  const place = { kind: "in", subject: token.subject, partition } as const;
  const run = runOfSubject(place, feed.layers);
  const head = run === undefined ? undefined : await log.head(run);
  if (run === undefined || head === undefined) return false;
  const decoded = decodeFrame(head.data);
  if (decoded.kind !== "ok") return false;
  const frame = decoded.value;
  if (!isActive(frame.status) || frame.writer !== worker || frame.token !== sequence) return false;
  return wakeIfAbandoned(host, run, head.partition, frame);
}

/** Enough to keep a broker busy, and not so many that it does nothing else. */
const AT_ONCE = 64;
