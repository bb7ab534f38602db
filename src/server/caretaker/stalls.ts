import type { Logger } from "pino";
import type { QueueProgress } from "../../ports/work-queue.ts";

/** Messages of a queue that wait although workers ask for more. */
export interface Stall extends QueueProgress {
  /** Since when nothing was handed out, in milliseconds since 1970. */
  readonly since: number;
  readonly message: string;
}

/**
 * Finds consumers that do not deliver: something waits, requests are open, and nothing moves. Only the broker can do that (a
 * consumer that lost its leader, that somebody paused), so it is told, and nothing else is done.
 */
export class Stalls {
  readonly #log: Pick<Logger, "warn" | "info">;
  readonly #afterMs: number;
  /** Consumers that have what to hand out and to whom, by name, with when they were first seen where they are. */
  readonly #still = new Map<string, { readonly upTo: number; readonly since: number }>();
  #stalls: readonly Stall[] = [];

  constructor(log: Pick<Logger, "warn" | "info">, afterMs: number) {
    this.#log = log;
    this.#afterMs = afterMs;
  }

  get now(): readonly Stall[] {
    return this.#stalls;
  }

  see(progress: readonly QueueProgress[], now: number): void {
    const before = new Set(this.#stalls.map(nameOf));
    this.#stalls = progress.flatMap((one) => this.#stallOf(one, now) ?? []);
    for (const stall of this.#stalls) {
      if (!before.delete(nameOf(stall))) this.#log.warn({ queue: stall.place }, stall.message);
    }
    for (const name of before) this.#log.info({ consumer: name }, "The broker delivers again");
  }

  #stallOf(progress: QueueProgress, now: number): Stall | undefined {
    const { waiting, openPulls, handedOutUpTo: upTo } = progress;
    const name = nameOf(progress);
    if (waiting === 0 || openPulls === 0) {
      this.#still.delete(name);
      return undefined;
    }
    const seen = this.#still.get(name);
    if (seen?.upTo !== upTo) this.#still.set(name, { upTo, since: now });
    const { since } = this.#still.get(name) ?? { since: now };
    if (now - since < this.#afterMs) return undefined;
    return { ...progress, since, message: whatToDo(progress, now - since) };
  }
}

function nameOf({ partition, kind, place }: QueueProgress): string {
  return `${partition}/${kind}-${place}`;
}

function whatToDo(
  { partition, kind, place, waiting, openPulls }: QueueProgress,
  ms: number,
): string {
  return (
    `The broker has handed out nothing of queue ${place} (consumer ${kind}-${place}, partition ${partition}) for ` +
    `${Math.round(ms / 1_000)} s, although ${waiting} messages wait and ${openPulls} requests are open. Look whether the ` +
    `consumer has a leader and is not paused; with several replicas, have it elect another one: ` +
    `nats consumer cluster step-down <stream> ${kind}-${place}`
  );
}
