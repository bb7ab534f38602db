import { Gauge, type Registry } from "prom-client";
import { RUN_STATUSES } from "../../engine/run-status.ts";
import type { ProjectorStatus } from "../../projections/projector-status.ts";
import type { RunStats } from "../../projections/run-store.ts";

/** Runs by status, as the projection counts them. */
export class RunMetrics {
  readonly #runs: Gauge<"status">;

  constructor(registry: Registry) {
    this.#runs = new Gauge({
      name: "millrace_runs",
      help: "Runs by status, closed ones included",
      labelNames: ["status"],
      registers: [registry],
    });
  }

  set(stats: readonly RunStats[] | undefined): void {
    this.#runs.reset();
    if (stats === undefined) return;
    for (const status of RUN_STATUSES) this.#runs.set({ status }, 0);
    for (const { status, count } of stats) this.#runs.inc({ status }, count);
  }
}

/** How far this replica's projector is behind the log. */
export class ProjectorMetrics {
  readonly #events: Gauge;
  readonly #seconds: Gauge;
  readonly #partitions: Gauge<"state">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#events = new Gauge({
      name: "millrace_projector_lag_events",
      help: "Messages that are in the log and not in the view, over all partitions",
      registers,
    });
    this.#seconds = new Gauge({
      name: "millrace_projector_lag_seconds",
      help: "Age of the oldest of them, in seconds",
      registers,
    });
    this.#partitions = new Gauge({
      name: "millrace_projector_partitions",
      help: "Partitions by what this replica's projector does with them",
      labelNames: ["state"],
      registers,
    });
  }

  /** A partition that another replica's projector reads is not counted as late here. */
  set(status: readonly ProjectorStatus[]): void {
    const own = status.filter(({ state }) => state !== "standby");
    this.#events.set(own.reduce((total, { lagEvents }) => total + lagEvents, 0));
    this.#seconds.set(Math.max(0, ...own.map(({ lagSeconds }) => lagSeconds)));
    this.#partitions.reset();
    for (const { state } of status) this.#partitions.inc({ state });
  }
}
