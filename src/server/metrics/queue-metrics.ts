import { Gauge, type Registry } from "prom-client";
import type { QueueBacklog } from "../../ports/work-queue.ts";
import { QueueLabels } from "./queue-labels.ts";

/** Backlog, age and hands of each queue, as the broker counts them. */
export class QueueMetrics {
  readonly #labels: QueueLabels;
  readonly #waiting: Gauge<"queue">;
  readonly #oldest: Gauge<"queue">;
  readonly #inputs: Gauge<"queue">;
  readonly #inFlight: Gauge<"queue">;

  constructor(registry: Registry, maxQueues: number) {
    this.#labels = new QueueLabels(maxQueues);
    const gauge = (name: string, help: string): Gauge<"queue"> =>
      new Gauge({ name, help, labelNames: ["queue"], registers: [registry] });
    this.#waiting = gauge(
      "millrace_queue_waiting",
      "Submissions that no worker was handed yet, by queue",
    );
    this.#oldest = gauge(
      "millrace_queue_oldest_seconds",
      "Age of the first submission that waits, in seconds; 0 when none does",
    );
    this.#inputs = gauge(
      "millrace_queue_inputs_waiting",
      "Inputs of runs (signals, wake-ups, outcomes) that no worker was handed yet",
    );
    this.#inFlight = gauge(
      "millrace_queue_in_flight",
      "Messages that workers have and did not ack: one for each run that they hold",
    );
  }

  /** `now` is in milliseconds since 1970. */
  set(backlogs: readonly QueueBacklog[], now: number): void {
    for (const gauge of [this.#waiting, this.#oldest, this.#inputs, this.#inFlight]) gauge.reset();
    const shown = new Map<string, QueueBacklog>();
    for (const backlog of backlogs.toSorted((one, other) => other.waiting - one.waiting)) {
      const label = this.#labels.of(backlog.queue);
      shown.set(label, sum(shown.get(label), backlog));
    }
    for (const [queue, { waiting, oldestAt, inputs, handedOut }] of shown) {
      const ageMs = oldestAt === undefined ? 0 : Math.max(0, now - oldestAt);
      this.#waiting.set({ queue }, waiting);
      this.#oldest.set({ queue }, ageMs / 1_000);
      this.#inputs.set({ queue }, inputs);
      this.#inFlight.set({ queue }, handedOut);
    }
  }
}

function sum(before: QueueBacklog | undefined, more: QueueBacklog): QueueBacklog {
  if (before === undefined) return more;
  const oldest = Math.min(before.oldestAt ?? Infinity, more.oldestAt ?? Infinity);
  return {
    ...before,
    waiting: before.waiting + more.waiting,
    inputs: before.inputs + more.inputs,
    handedOut: before.handedOut + more.handedOut,
    oldestAt: oldest === Infinity ? undefined : oldest,
  };
}
