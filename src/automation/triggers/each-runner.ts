import { filtersOf, sidesOf, subjectsOf } from "../../client/trigger-sources.ts";
import type { BusDelivery, Consumption } from "../../ports/message-bus.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import { cloudEventOf } from "../../wire/cloud-event-codec.ts";
import type { TriggerPlace } from "../../wire/trigger-place-codec.ts";
import type { AutomationHost } from "../automation-host.ts";
import type { ActiveTrigger, TriggerRunner } from "./active-trigger.ts";
import { type Firings, isAway } from "./firings.ts";
import { beginOf } from "./source-streams.ts";
import type { StatsBook } from "./trigger-stats.ts";

/**
 * Acts on events one by one, beside all other workers that read the same consumer. An event is acked when the run that it leads
 * to is durable: whatever dies in between, it comes again, and means the same run.
 */
export class EachRunner implements TriggerRunner {
  readonly #host: EachHost;
  readonly #trigger: ActiveTrigger;
  readonly #underWay = new Set<Promise<void>>();
  #consumption: Consumption | undefined;
  #isStopped = false;

  constructor(host: EachHost, trigger: ActiveTrigger) {
    this.#host = host;
    this.#trigger = trigger;
  }

  /** Resolves when it reads. @throws {@link BrokerError} */
  async start({ consumers }: TriggerPlace): Promise<void> {
    const { millrace } = this.#host;
    const [place] = consumers;
    const [side] = sidesOf(this.#trigger.record.spec);
    if (place === undefined || side === undefined) return;
    this.#consumption = await millrace.broker.bus.consume({
      ...place,
      filters: filtersOf(subjectsOf(new BusSubjects(millrace.namespace), side)),
      from: beginOf(side.source, this.#trigger.record.createdAt),
      maxHeld: MAX_HELD,
      onMessage: (delivery) => {
        const taken = this.#take(delivery).finally(() => this.#underWay.delete(taken));
        this.#underWay.add(taken);
      },
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#consumption?.stop();
    await Promise.all(this.#underWay);
  }

  async #take(delivery: BusDelivery): Promise<void> {
    try {
      if (!this.#isStopped && (await this.#act(delivery))) return await delivery.ack();
      delivery.giveBack();
    } catch (error) {
      if (!isAway(error)) {
        this.#host.log.error({ trigger: this.#trigger.name, err: error }, "A trigger failed");
      }
      delivery.giveBack(AGAIN_MS);
    }
  }

  /** True when the event needs no one any more. */
  async #act(delivery: BusDelivery): Promise<boolean> {
    const { firings, stats } = this.#host;
    const event = cloudEventOf(delivery);
    const match = this.#trigger.compiled.match(event);
    if (match.isMatch) return (await firings.fire(this.#trigger, [event])) !== "held";
    if (match.error !== undefined) stats.failed(this.#trigger.name, match.error);
    return true;
  }
}

export type EachHost = Pick<AutomationHost, "millrace" | "log"> & {
  readonly firings: Firings;
  readonly stats: StatsBook;
};

const MAX_HELD = 256;
const AGAIN_MS = 1_000;
