import { pino } from "pino";
import type { AutomationPart } from "./automation/automation-host.ts";
import { builtInFlows } from "./automation/built-in-flows.ts";
import { startAutomation } from "./automation/start-automation.ts";
import { deliveryMeans, type WebhookServing } from "./automation/webhooks/webhook-options.ts";
import type { Millrace } from "./client/millrace.ts";
import { isDefinition } from "./definition/definition.ts";
import type { Schedule } from "./definition/schedule.ts";
import type { Served } from "./definition/served.ts";
import type { Trigger } from "./definition/trigger.ts";
import { InvalidOptionError } from "./engine/usage-errors.ts";
import { systemClock } from "./ports/clock.ts";
import {
  type ServingWorker,
  serve as serveRuns,
  type ServeOptions as WorkerOptions,
} from "./worker/serve.ts";

/**
 * Serves flows and tasks, and the triggers and schedules beside them: takes their runs from the queues and executes them, takes in
 * what others published for them, and acts on what happens. Start as many replicas as you like, in any number of processes; a run
 * is with one of them at a time.
 *
 * Resolves when the worker is reading: every queue exists by then.
 * @throws {@link InvalidOptionError} for two definitions of one name or an option that cannot work, both before anything
 * is opened, and {@link SettingsMismatchError} when a queue exists with another lease than was asked for.
 */
export async function serve(
  served: readonly Served[],
  options: ServeOptions,
): Promise<ServingWorker> {
  const { connection: millrace, automation = true, clock = systemClock } = options;
  const definitions = served.filter(isDefinition);
  const triggers = served.filter((one): one is Trigger => one.kind === "trigger");
  const schedules = served.filter((one): one is Schedule => one.kind === "schedule");
  checkNames("triggers", triggers);
  checkNames("schedules", schedules);
  if (definitions.length === 0) checkServesAtAll(served, options);
  if (!automation) return serveRuns(definitions, options);
  // Who reads chosen queues only has said which runs it is there for.
  const webhooks = deliveryMeans(options.webhooks ?? {}, clock);
  const builtIn = options.queues === undefined ? builtInFlows(millrace, { webhooks }) : [];
  const log = options.log ?? pino({ name: "millrace" });
  let beside: AutomationPart | undefined;
  const start = async (worker: string): Promise<void> => {
    beside = await startAutomation({
      millrace,
      clock,
      log: log.child({ worker }),
      worker,
      definitions: new Map(definitions.map((definition) => [definition.name, definition])),
      triggers: triggers.map(({ spec }) => spec),
      schedules: schedules.map(({ spec }) => spec),
    });
  };
  const worker = await serveRuns(definitions, { ...options, log }, { builtIn, start });
  const stopped = worker.stopped.then(() => beside?.stop());
  return {
    id: worker.id,
    get stats() {
      return worker.stats;
    },
    stopped,
    drain: async () => {
      await beside?.stop();
      await worker.drain();
      await stopped;
    },
  };
}

export interface ServeOptions extends WorkerOptions {
  /** What {@link connect} gave. */
  readonly connection: Millrace;
  /**
   * Whether this worker also takes in what was published for its flows, tells of runs, and acts on triggers, schedules and
   * webhooks. Default true. Somebody has to: with false everywhere, all of that waits.
   */
  readonly automation?: boolean;
  /** Where this worker may deliver webhooks to beside what everybody on the internet can reach. */
  readonly webhooks?: WebhookServing;
}

/** Without a flow a worker is there for what every worker does: nothing is left of it when an option takes that away. */
function checkServesAtAll(served: readonly Served[], { automation, queues }: ServeOptions): void {
  const what = served.length === 0 ? "nothing is served" : "no flow or task is served";
  if (queues !== undefined) {
    const hint = `${what} whose runs could wait there: give a flow, or leave queues out`;
    throw new InvalidOptionError("queues", queues.join(", "), hint);
  }
  if (automation === false) {
    const hint = `${what}, and triggers and schedules are acted upon by automation: give a flow, or leave it on`;
    throw new InvalidOptionError("automation", automation, hint);
  }
}

/** @throws {@link InvalidOptionError} */
function checkNames(what: string, named: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of named) {
    if (names.has(name)) throw new InvalidOptionError(what, name, "two of them have this name");
    names.add(name);
  }
}
