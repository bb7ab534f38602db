import type { Logger } from "pino";
import type { ClientHost } from "../../client/client-host.ts";
import { actAt, listSchedules, orderDue } from "../../client/schedule-records.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import type { BrokerClock } from "./broker-clock.ts";

/**
 * Finds schedules whose time has passed without a message that says so, and orders it anew: the order was lost with its
 * stream, or nobody came to write it. Gives the names.
 */
export async function sweepSchedules({ host, clock, log }: SweepParts): Promise<readonly string[]> {
  const { broker } = host;
  await clock.measure(0);
  const now = clock.now();
  const overdue = (await listSchedules(broker.control)).filter(
    (record) => record.paused === undefined && actAt(record, now) < now - OVERDUE_MS,
  );
  if (overdue.length === 0) return [];
  const subjects = new BusSubjects(broker.log.namespace);
  const { ingress } = broker.bus.streams;
  // Those that are stored wait for a worker that serves the flow.
  const waiting = await broker.bus.subjects(ingress, subjects.scheduleDue("*", "*"));
  const found: string[] = [];
  for (const record of overdue) {
    const { name, flow } = record.spec;
    if (waiting.has(subjects.scheduleDue(flow, name))) continue;
    await orderDue(broker, record, now);
    found.push(name);
  }
  if (found.length > 0)
    log.warn({ schedules: found.slice(0, 20) }, "Lost orders of schedules are made again");
  return found;
}

export interface SweepParts {
  readonly host: ClientHost;
  readonly clock: BrokerClock;
  readonly log: Logger;
}

/** Later than any message comes that was ordered. */
const OVERDUE_MS = 10_000;
