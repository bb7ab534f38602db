import type { SubmitOptions } from "../../definition/submit-options.ts";
import { ACTION_FLOW, BUILT_IN_QUEUE, WEBHOOK_FLOW } from "../../engine/built-in-flows.ts";
import { CAUSE_DEPTH, CAUSE_TRIGGER, type CloudEvent } from "../../engine/cloud-event.ts";
import { MillraceError } from "../../engine/millrace-error.ts";
import { BlobStoreError } from "../../engine/payload-errors.ts";
import type { ResolvedAction } from "../../engine/resolved-action.ts";
import { BrokerError, ConnectionClosedError } from "../../engine/usage-errors.ts";
import type { WebhookInput } from "../../engine/webhook-spec.ts";
import { type ActionOrder, type OrderedAction, SHOWN_EVENTS } from "../actions/action-order.ts";
import type { AutomationHost } from "../automation-host.ts";
import type { ActiveTrigger } from "./active-trigger.ts";
import type { Brakes } from "./brakes.ts";
import { firingId } from "./firing-id.ts";
import type { StatsBook } from "./trigger-stats.ts";

/** Turns firings into runs: each into exactly one, however often it is repeated and by whom. */
export class Firings {
  readonly #host: FiringsHost;

  constructor(host: FiringsHost) {
    this.#host = host;
  }

  /**
   * Submits the run that a firing leads to. Resolves when that is durable, or when the firing is not to be carried out: `dropped`
   * for one that went too deep, `held` for one that has to wait until the trigger is resumed.
   * @throws what says that broker or blob store is away: repeat it then.
   */
  async fire(
    trigger: ActiveTrigger,
    events: readonly CloudEvent[],
  ): Promise<"fired" | "dropped" | "held"> {
    const { brakes, stats } = this.#host;
    const depth = depthOf(events);
    const verdict = brakes.verdict(trigger, depth);
    if (verdict === "stopped") return "held";
    if (verdict !== "go") {
      await brakes.stop(trigger, reasonOf(verdict, trigger, events));
      return verdict === "too-deep" ? "dropped" : "held";
    }
    const firing = { id: firingId(trigger.name, events), depth };
    const isNew = await this.#submit(trigger, firing, events);
    if (isNew) stats.fired(trigger.name);
    return "fired";
  }

  /**
   * Makes a failed run of what can never be carried out, so that it can be seen.
   * @throws what says that broker or blob store is away
   */
  async refuse(
    trigger: ActiveTrigger,
    events: readonly CloudEvent[],
    reason: string,
  ): Promise<void> {
    const depth = depthOf(events);
    this.#host.stats.failed(trigger.name, new Error(reason));
    const what = `Trigger ${trigger.name} cannot ${trigger.record.spec.action.kind}`;
    const firing = { id: firingId(trigger.name, events), depth };
    await this.#order(trigger, firing, { kind: "impossible", what, reason }, events);
  }

  async #submit(
    trigger: ActiveTrigger,
    firing: Firing,
    events: readonly CloudEvent[],
  ): Promise<boolean> {
    let action: ResolvedAction | undefined;
    try {
      action = trigger.compiled.resolve(events);
      return await this.#submitAction(trigger, firing, action, events);
    } catch (error) {
      if (isAway(error)) throw error;
      // It would be the same each time: a run that fails shows it, and nothing is held up (I11).
      const reason = error instanceof Error ? error.message : String(error);
      const kind = action?.kind ?? trigger.record.spec.action.kind;
      this.#host.log.warn(
        { trigger: trigger.name, firing: firing.id, err: error },
        "A firing failed",
      );
      this.#host.stats.failed(trigger.name, new Error(reason));
      const what = `Trigger ${trigger.name} cannot ${kind}`;
      return this.#order(trigger, firing, { kind: "impossible", what, reason }, events);
    }
  }

  #submitAction(
    trigger: ActiveTrigger,
    firing: Firing,
    action: ResolvedAction,
    events: readonly CloudEvent[],
  ): Promise<boolean> {
    switch (action.kind) {
      case "submit": {
        const { flow, input, key = firing.id, tags = [], queue } = action;
        const options = { key, tags, ...(queue === undefined ? {} : { queue }) };
        return this.#run(trigger, firing, events, { flow, input, options });
      }
      case "webhook": {
        const { webhook, body } = action;
        const input: WebhookInput = { webhook, body, id: firing.id };
        const options = { key: firing.id, queue: BUILT_IN_QUEUE };
        return this.#run(trigger, firing, events, { flow: WEBHOOK_FLOW, input, options });
      }
      default:
        return this.#order(trigger, firing, action, events);
    }
  }

  #order(
    trigger: ActiveTrigger,
    { id, depth }: Firing,
    action: OrderedAction,
    events: readonly CloudEvent[],
  ): Promise<boolean> {
    const input: ActionOrder = {
      trigger: trigger.name,
      firing: id,
      depth,
      action,
      events: events.slice(0, SHOWN_EVENTS).map(({ id: event, source, type, subject }) => ({
        id: event,
        source,
        type,
        ...(subject === undefined ? {} : { subject }),
      })),
    };
    const options = { key: id, queue: BUILT_IN_QUEUE };
    return this.#run(trigger, { id, depth }, events, { flow: ACTION_FLOW, input, options });
  }

  async #run(
    { name }: ActiveTrigger,
    { depth }: Firing,
    events: readonly CloudEvent[],
    { flow, input, options }: Submitted,
  ): Promise<boolean> {
    const { millrace, definitions } = this.#host;
    const traceparent = events.length === 1 ? events[0]?.traceparent : undefined;
    const all: SubmitOptions = {
      ...options,
      tags: [...new Set([...(options.tags ?? []), `trigger:${name}`])],
      metadata: {
        [CAUSE_DEPTH]: String(depth),
        [CAUSE_TRIGGER]: name,
        "millrace.event": events.at(-1)?.id ?? "",
        ...(traceparent === undefined ? {} : { traceparent }),
      },
    };
    const definition = definitions.get(flow);
    // With the code at hand its schema can refuse the input, and its queue is known.
    const run =
      definition === undefined
        ? await millrace.submit(flow, input, all)
        : await millrace.submit(definition as never, input as never, all);
    return run.isNew;
  }
}

export type FiringsHost = Pick<AutomationHost, "millrace" | "log" | "definitions"> & {
  readonly brakes: Brakes;
  readonly stats: StatsBook;
};

interface Firing {
  readonly id: string;
  readonly depth: number;
}

interface Submitted {
  readonly flow: string;
  readonly input: unknown;
  readonly options: SubmitOptions & { readonly key: string };
}

/** One more than the deepest of the events. */
function depthOf(events: readonly CloudEvent[]): number {
  return 1 + Math.max(0, ...events.map(({ millracedepth = 0 }) => millracedepth));
}

/** True for what may be otherwise in a moment. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof MillraceError)) return false;
  return (
    error instanceof BrokerError ||
    error instanceof BlobStoreError ||
    error instanceof ConnectionClosedError
  );
}

function reasonOf(
  verdict: "too-deep" | "too-many",
  { record, name }: ActiveTrigger,
  events: readonly CloudEvent[],
): string {
  const event = events.at(-1);
  if (verdict === "too-deep") {
    return `It leads to itself: firings led to each other until event ${event?.id} of ${event?.subject ?? event?.source}, one more than may. That event is not acted upon. Look for what closes the circle, then: millrace triggers resume ${name}`;
  }
  const { perMinute } = record.spec.limits ?? {};
  const limit =
    perMinute === undefined
      ? "a thousand of its firings were led to by firings, or by what it did to the same runs,"
      : `it fired ${perMinute} times`;
  return `It fires too often: ${limit} within a minute. Further events wait. If that is as it should be, raise limits.perMinute, then: millrace triggers resume ${name}`;
}
