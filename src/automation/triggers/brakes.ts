import type { CloudEvent } from "../../engine/cloud-event.ts";
import {
  DEFAULT_CAUSED_PER_MINUTE,
  DEFAULT_TRIGGER_DEPTH,
  type TriggerSpec,
} from "../../engine/trigger-spec.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import { eventMessage } from "../../wire/cloud-event-codec.ts";
import { decodeTrigger, encodeTrigger, triggerKey } from "../../wire/trigger-codec.ts";
import type { AutomationHost } from "../automation-host.ts";
import type { ActiveTrigger } from "./active-trigger.ts";

/** Stops triggers that run away: those that lead to themselves, and those that fire more often than they may. */
export class Brakes {
  readonly #host: Pick<AutomationHost, "millrace" | "clock" | "log">;
  readonly #minutes = new Map<string, Minute>();
  /** Those that were stopped, until they are read for again: what is under way yet is held. */
  readonly #stopped = new Set<string>();
  readonly #stopping = new Map<string, Promise<void>>();

  readonly #onStopped: () => void;

  /** `onStopped` is called when a trigger was paused here. */
  constructor(host: Pick<AutomationHost, "millrace" | "clock" | "log">, onStopped: () => void) {
    this.#host = host;
    this.#onStopped = onStopped;
  }

  /** Whether a firing may go ahead. `depth`: how many firings led to it, itself included. */
  verdict({ name, record }: ActiveTrigger, depth: number): Verdict {
    if (this.#stopped.has(name)) return "stopped";
    const { depth: deepest = DEFAULT_TRIGGER_DEPTH, perMinute } = record.spec.limits ?? {};
    if (depth > deepest) return "too-deep";
    // Without a limit of its own, only what firings themselves led to is counted: events from outside are as many as they are.
    if (perMinute === undefined && depth < 2 && !actsBack(record.spec)) return "go";
    const minute = this.#minutes.get(name) ?? new Minute();
    this.#minutes.set(name, minute);
    const count = minute.add(this.#host.clock.now());
    return count > (perMinute ?? DEFAULT_CAUSED_PER_MINUTE) ? "too-many" : "go";
  }

  /**
   * Pauses the trigger, and tells of it by the system event `trigger.stopped`, once. Resolves when both are durable.
   * @throws {@link BrokerError}
   */
  stop(trigger: ActiveTrigger, reason: string): Promise<void> {
    const { name } = trigger;
    const stopping = this.#stopping.get(name);
    if (stopping !== undefined) return stopping;
    const stop = this.#stop(name, reason).finally(() => this.#stopping.delete(name));
    this.#stopping.set(name, stop);
    return stop;
  }

  /** It was resumed: it is counted from the start. */
  released(name: string): void {
    this.#stopped.delete(name);
    this.#minutes.delete(name);
  }

  async #stop(name: string, reason: string): Promise<void> {
    const { millrace, clock, log } = this.#host;
    const { control } = millrace.broker;
    for (;;) {
      const found = await control.read(triggerKey(name));
      const decoded = found && decodeTrigger(found.data);
      if (found === undefined || decoded?.kind !== "ok") return;
      const record = decoded.value;
      if (record.paused !== undefined) return;
      // Told first, under an id of this version of the record: whoever repeats it tells nothing new.
      await this.#tell(name, reason, found.revision);
      const at = clock.now();
      const paused = { ...record, paused: { reason, at }, changedAt: at };
      const outcome = await control.write(found.key, encodeTrigger(paused), found.revision);
      if (outcome.status === "written") {
        this.#stopped.add(name);
        this.#onStopped();
        log.error({ trigger: name, reason }, `Trigger ${name} is stopped: ${reason}`);
        return;
      }
    }
  }

  async #tell(name: string, reason: string, revision: number): Promise<void> {
    const { millrace, clock } = this.#host;
    const { namespace } = millrace;
    const id = `trigger-stopped-${name}-${revision}`;
    const subject = new BusSubjects(namespace).systemEvent("trigger.stopped");
    const event: CloudEvent = {
      specversion: "1.0",
      id,
      source: `/millrace/${namespace}`,
      type: "millrace.trigger.stopped",
      subject: name,
      time: new Date(clock.now()).toISOString(),
      datacontenttype: "application/json",
      data: { trigger: name, reason },
    };
    await millrace.broker.bus.publish(eventMessage(subject, event));
  }
}

/** What it does to a run may bring the run's next event, which is no deeper than the one before. */
function actsBack({ on, action }: TriggerSpec): boolean {
  return on.kind === "run" && (action.kind === "resume" || action.kind === "signal");
}

export type Verdict = "go" | "stopped" | "too-deep" | "too-many";

/** Counts over the last minute, in parts of a second. */
class Minute {
  readonly #counts = new Map<number, number>();

  /** Counts one more, and gives how many there were in the minute up to now. */
  add(now: number): number {
    const second = Math.floor(now / 1_000);
    for (const old of this.#counts.keys()) if (old <= second - 60) this.#counts.delete(old);
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }
}
