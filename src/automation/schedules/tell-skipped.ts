import type { Logger } from "pino";
import type { ClientHost } from "../../client/client-host.ts";
import type { ScheduleRecord } from "../../engine/schedule-spec.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import { eventMessage } from "../../wire/cloud-event-codec.ts";
import type { BrokerClock } from "./broker-clock.ts";
import type { SkippedRuns } from "./plan-runs.ts";

/**
 * Tells of due times that got no run, as the system event `schedule.skipped`. It is told after it was written down: of a worker
 * that dies in between nobody hears it.
 */
export async function tellSkipped(
  { host, clock, log }: TellParts,
  { spec }: ScheduleRecord,
  all: readonly SkippedRuns[],
): Promise<void> {
  const { broker } = host;
  const { namespace } = broker.log;
  const subject = new BusSubjects(namespace).systemEvent("schedule.skipped");
  for (const { reason, first, last, count, detail } of all) {
    const data: ScheduleSkippedData = {
      schedule: spec.name,
      flow: spec.flow,
      reason,
      firstDue: new Date(first).toISOString(),
      lastDue: new Date(last).toISOString(),
      ...(count === undefined ? {} : { count }),
      ...(detail === undefined ? {} : { detail }),
    };
    log.warn(data, "Due times of a schedule are skipped");
    const event = eventMessage(subject, {
      specversion: "1.0",
      id: `schedule-${spec.name}-${reason}-${first}-${last}`,
      source: `/millrace/${namespace}`,
      type: "millrace.schedule.skipped",
      subject: spec.name,
      time: new Date(clock.now()).toISOString(),
      datacontenttype: "application/json",
      data,
    });
    await broker.bus.publish(event).catch((error: unknown) => {
      log.error({ err: error, schedule: spec.name }, "Skipped due times are not told of");
    });
  }
}

/** What the event `millrace.schedule.skipped` carries. */
interface ScheduleSkippedData {
  readonly schedule: string;
  readonly flow: string;
  readonly reason: SkippedRuns["reason"];
  /** The first and the last of the due times, RFC 3339. */
  readonly firstDue: string;
  readonly lastDue: string;
  /** How many they are; nothing when they were too many to count. */
  readonly count?: number;
  readonly detail?: string;
}

interface TellParts {
  readonly host: ClientHost;
  readonly clock: BrokerClock;
  readonly log: Logger;
}
