import type { AutomationHost, AutomationPart } from "./automation-host.ts";

/**
 * Starts what a worker does beside its runs: takes in what was published for its flows, tells of what happens to runs, acts on
 * triggers and schedules. All workers of a namespace share this work; each of them can die at any moment.
 */
export async function startAutomation(_host: AutomationHost): Promise<AutomationPart> {
  const parts: AutomationPart[] = [];
  return {
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}
