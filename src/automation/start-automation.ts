import type { AutomationHost, AutomationPart } from "./automation-host.ts";
import { startRunEvents } from "./events/start-run-events.ts";
import { startIngress } from "./ingress/start-ingress.ts";
import { startSchedules } from "./schedules/start-schedules.ts";
import { startTriggers } from "./triggers/start-triggers.ts";

/**
 * Starts what a worker does beside its runs: takes in what was published for its flows, tells of what happens to runs, acts on
 * triggers and schedules. All workers of a namespace share this work; each of them can die at any moment.
 */
export async function startAutomation(host: AutomationHost): Promise<AutomationPart> {
  const parts: AutomationPart[] = [];
  const stop = async (): Promise<void> => {
    const ends = await Promise.allSettled(parts.map((part) => part.stop()));
    // The runs of this worker are still to be handed over: nothing here may hinder that.
    for (const end of ends) {
      if (end.status === "rejected")
        host.log.warn({ err: end.reason }, "A part stopped in disorder");
    }
  };
  try {
    parts.push(await startRunEvents(host));
    parts.push(await startTriggers(host));
    const schedules = await startSchedules(host);
    parts.push(schedules);
    parts.push(await startIngress(host, { onDue: schedules.onDue }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
