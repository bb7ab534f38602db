import { Counter, Histogram, type Registry } from "prom-client";
import { archivedIn } from "../../engine/archived-event.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import type { EventFeed, FedMessage } from "../../ports/event-feed.ts";
import { decodeFrame } from "../../wire/frame-codec.ts";

/** What is counted out of the log as it grows. One replica at a time does so: what all of them have counted adds up. */
export class LogMetrics {
  readonly #lateness: Histogram;
  readonly #takeOvers: Counter;
  readonly #closed: Counter<"status">;
  /** When timers that were set while this one watched are due, by run and timer. */
  readonly #due = new Map<string, number>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#lateness = new Histogram({
      name: "millrace_timer_lateness_seconds",
      help: "How long after its time a timer of a flow fired",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    });
    this.#takeOvers = new Counter({
      name: "millrace_takeovers_total",
      help: "Activations of a run whose worker before was dead",
      registers,
    });
    this.#closed = new Counter({
      name: "millrace_runs_closed_total",
      help: "Runs that ended, by how they did",
      labelNames: ["status"],
      registers,
    });
  }

  /** Counts what is stored from now on, until the signal aborts. @throws when the feed breaks off. */
  async watch(feed: EventFeed, signal: AbortSignal): Promise<void> {
    this.#due.clear();
    const all = Array.from({ length: feed.partitions }, async (_, partition) => {
      const { last } = await feed.extent(partition);
      for await (const batch of feed.read(partition, last, { signal, kinds: ["h"] })) {
        for (const message of batch) this.see(message);
      }
    });
    await Promise.all(all);
  }

  see({ subject, data }: Pick<FedMessage, "subject" | "data">): void {
    const decoded = decodeFrame(data);
    if (decoded.kind !== "ok") return;
    // It says once more how the run ended, which may be long ago.
    if (archivedIn(decoded.value) !== undefined) return;
    for (const event of decoded.value.events) this.#count(subject, event);
  }

  #count(run: string, event: RunEvent): void {
    switch (event.type) {
      case "Activated":
        if (event.reason === "takeover") this.#takeOvers.inc();
        return;
      case "TimerSet":
        this.#keep(`${run} ${event.timer}`, event.fireAt);
        return;
      case "TimerFired": {
        const name = `${run} ${event.timer}`;
        const fireAt = this.#due.get(name);
        this.#due.delete(name);
        if (fireAt !== undefined) this.#lateness.observe(Math.max(0, event.at - fireAt) / 1_000);
        return;
      }
      case "Completed":
      case "Failed":
      case "Crashed":
      case "Cancelled":
        this.#closed.inc({ status: event.type.toLowerCase() });
        return;
      default:
        return;
    }
  }

  /** The oldest one goes: a sample of the timers does. */
  #keep(name: string, fireAt: number): void {
    this.#due.set(name, fireAt);
    if (this.#due.size <= MAX_TIMERS) return;
    const [oldest] = this.#due.keys();
    if (oldest !== undefined) this.#due.delete(oldest);
  }
}

const MAX_TIMERS = 50_000;
