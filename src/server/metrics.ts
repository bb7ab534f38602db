/**
 * Metrics in the format of Prometheus (docs/metrics.md).
 *
 * - Labels are bounded: no run, key or worker is one, and of queues the first so many are.
 * - Gauges that every replica reads from the same place are the same on all of them: take their maximum. What is counted out
 *   of the log is counted by one replica at a time: add it up.
 * - What cannot be read is left out, and `millrace_source_up` says so: a scrape never fails and never shows old numbers.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { ControlLease } from "../client/control-lease.ts";
import { Rounds } from "../client/rounds.ts";
import type { Projector } from "../projections/projector.ts";
import type { Caretaker } from "./caretaker.ts";
import { LogMetrics } from "./metrics/log-metrics.ts";
import { QueueMetrics } from "./metrics/queue-metrics.ts";
import { ProjectorMetrics, RunMetrics } from "./metrics/run-metrics.ts";
import { UpkeepMetrics } from "./metrics/upkeep-metrics.ts";
import type { ServerHost, ServerPart } from "./server-host.ts";

/** Begins to count, in a registry of its own. */
export function startMetrics(
  host: ServerHost,
  parts: MetricsParts,
  options: Partial<MetricsOptions> = {},
): Metrics {
  return new RunningMetrics(host, parts, { ...METRICS_DEFAULTS, ...options });
}

export interface Metrics extends ServerPart {
  readonly contentType: string;
  /** All metrics as they are now, or were a moment ago. */
  text(): Promise<string>;
  /** An HTTP request was answered. */
  answered(request: AnsweredRequest): void;
}

/** The parts whose state is shown. */
export interface MetricsParts {
  readonly projector: Pick<Projector, "status">;
  readonly caretaker: Pick<Caretaker, "status">;
}

export interface AnsweredRequest {
  readonly method: string;
  /** As it is declared, such as `/api/v1/runs/:id`; empty when no route took the request. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface MetricsOptions {
  /** Queues that have a label of their own. */
  readonly maxQueues: number;
  /** Scrapes within so many milliseconds get the same numbers. */
  readonly freshMs: number;
  readonly leaseMs: number;
}

const METRICS_DEFAULTS: MetricsOptions = Object.freeze({
  maxQueues: 100,
  freshMs: 5_000,
  leaseMs: 15_000,
});

class RunningMetrics implements Metrics {
  readonly #host: ServerHost;
  readonly #parts: MetricsParts;
  readonly #options: MetricsOptions;
  readonly #registry = new Registry();
  readonly #queues: QueueMetrics;
  readonly #runs: RunMetrics;
  readonly #projector: ProjectorMetrics;
  readonly #upkeep: UpkeepMetrics;
  readonly #log: LogMetrics;
  readonly #sourceUp: Gauge<"source">;
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #requestSeconds: Histogram<"method" | "route">;
  readonly #lease: ControlLease;
  readonly #rounds: Rounds;
  #watching: { readonly end: AbortController; readonly done: Promise<void> } | undefined;
  #refreshing: Promise<void> | undefined;
  #freshUntil = 0;

  constructor(host: ServerHost, parts: MetricsParts, options: MetricsOptions) {
    this.#host = host;
    this.#parts = parts;
    this.#options = options;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#queues = new QueueMetrics(this.#registry, options.maxQueues);
    this.#runs = new RunMetrics(this.#registry);
    this.#projector = new ProjectorMetrics(this.#registry);
    this.#upkeep = new UpkeepMetrics(this.#registry);
    this.#log = new LogMetrics(this.#registry);
    this.#sourceUp = new Gauge({
      name: "millrace_source_up",
      help: "1 when the broker or the projection could be asked for this scrape",
      labelNames: ["source"],
      registers,
    });
    this.#requests = new Counter({
      name: "millrace_http_requests_total",
      help: "HTTP requests that were answered",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: "millrace_http_request_seconds",
      help: "How long they took",
      labelNames: ["method", "route"],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30],
      registers,
    });
    const { control } = host.millrace.broker;
    const { clock, replica: holder } = host;
    this.#lease = new ControlLease({
      control,
      clock,
      what: "metrics",
      holder,
      ttlMs: options.leaseMs,
    });
    this.#rounds = new Rounds(host, "the metrics", options.leaseMs / 5, () => this.#watchLog());
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
    this.#projector.set(this.#parts.projector.status);
    this.#upkeep.setCaretaker(this.#parts.caretaker.status);
    return this.#registry.metrics();
  }

  answered({ method, route, status, seconds }: AnsweredRequest): void {
    // A request that no route takes can have any method: those are one.
    const known = route === "" ? { method: "_other", route: "_other" } : { method, route };
    this.#requests.inc({ ...known, status: String(status) });
    this.#requestSeconds.observe(known, seconds);
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
    await this.#watchNoMore();
    await this.#lease.release().catch(() => undefined); // It runs out by itself.
  }

  async #refresh(): Promise<void> {
    const { clock, millrace, store } = this.#host;
    if (clock.now() < this.#freshUntil) return;
    const [broker, stats] = await Promise.all([
      this.#ask("broker", async () => {
        const [backlogs, workers, { letters }] = await Promise.all([
          millrace.broker.queues.report(),
          millrace.workers(),
          millrace.deadLetters.list({ limit: MAX_LETTERS }),
        ]);
        return { backlogs, workers, letters };
      }),
      this.#ask("projection", () => store.view.stats()),
    ]);
    this.#queues.set(broker?.backlogs ?? [], clock.now());
    this.#upkeep.setWorkers(broker?.workers);
    this.#upkeep.setLetters(broker?.letters);
    this.#runs.set(stats);
    this.#freshUntil = clock.now() + this.#options.freshMs;
  }

  /** Nothing when the source does not answer in time. */
  async #ask<T>(source: string, question: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.#host;
    let cancel: (() => void) | undefined;
    const late = new Promise<undefined>((resolve) => {
      cancel = clock.after(PATIENCE_MS, () => resolve(undefined));
    });
    const answer = question().catch((error: unknown) => {
      log.debug({ err: error, source }, "A source of metrics did not answer");
      return undefined;
    });
    const answered = await Promise.race([answer, late]);
    cancel?.();
    this.#sourceUp.set({ source }, answered === undefined ? 0 : 1);
    return answered;
  }

  /** Watches the log as long as this replica is the one that does. */
  async #watchLog(): Promise<void> {
    const isHeld = await this.#lease.hold();
    if (!isHeld) return this.#watchNoMore();
    if (this.#watching !== undefined) return;
    const end = new AbortController();
    const { log, millrace } = this.#host;
    const done = this.#log
      .watch(millrace.broker.feed, end.signal)
      .catch((error: unknown) => {
        end.abort();
        log.debug({ err: error }, "The log is watched for metrics again in a moment");
      })
      .finally(() => {
        this.#watching = undefined;
      });
    this.#watching = { end, done };
  }

  async #watchNoMore(): Promise<void> {
    this.#watching?.end.abort();
    await this.#watching?.done;
  }
}

const MAX_LETTERS = 1_000;
/** Within a scrape's usual time. */
const PATIENCE_MS = 4_000;
