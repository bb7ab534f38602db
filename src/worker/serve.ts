import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { type Logger, pino } from "pino";
import type { AnyDefinition } from "../definition/definition.ts";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { checkQueueName } from "../engine/priority.ts";
import { InvalidOptionError, NamespaceChangedError } from "../engine/usage-errors.ts";
import { Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import type { LeaseKeeper } from "../ports/leases.ts";
import type { QueueReader } from "../ports/work-queue.ts";
import { answerQuestions } from "./answer-questions.ts";
import {
  checkGuardMode,
  defaultGuardMode,
  type GuardMode,
  guardDeterminism,
} from "./determinism-guard.ts";
import { Presence } from "./presence.ts";
import { watchStrayRejections } from "./stray-rejections.ts";
import { Worker, type WorkerStats } from "./worker.ts";

/**
 * Serves flows and tasks: takes their runs from the queues and executes them. Start as many replicas as you like, in any
 * number of processes; a run is with one of them at a time.
 *
 * Resolves, and says that it serves, when the worker is reading: every queue exists by then, and what stands beside them.
 * @throws {@link InvalidOptionError} for two definitions of one name or an option that cannot work, both before anything
 * is opened, and {@link SettingsMismatchError} when a queue exists with another lease than was asked for.
 */
export async function serve(
  definitions: readonly AnyDefinition[],
  options: ServeOptions,
  { builtIn, start }: Beside = NOTHING_BESIDE,
): Promise<ServingWorker> {
  const { broker } = options.connection;
  const clock = options.clock ?? systemClock;
  const settings = settingsOf(options);
  const limits = new Map(Object.entries(options.limits ?? {}));
  for (const [name, limit] of limits) checkCount(`limits.${name}`, limit);
  const lease = options.lease === undefined ? {} : { leaseMs: leaseOf(options.lease) };
  const guardMode = checkGuardMode(options.determinismGuard ?? defaultGuardMode());
  const known = index([...definitions, ...builtIn]);
  const ownQueues = [...new Set(builtIn.map(({ queue }) => queue))];
  const queues = [...(options.queues ?? queuesOf(definitions)), ...ownQueues];
  for (const queue of queues) checkQueueName(queue);
  const id = `${hostname().replaceAll(/[^A-Za-z0-9_-]/g, "-")}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const log = (options.log ?? pino({ name: "millrace" })).child({ worker: id });

  let worker: Worker | undefined;
  const reader = await broker.queues.open({
    queues,
    ...lease,
    // Shared by all workers of the namespace, whatever leases their own queues have.
    anyLease: ownQueues,
    room: (kind) => worker?.room(kind) ?? 0,
    roomOf: (kind, queue) => worker?.roomOf(kind, queue) ?? 0,
    isDue: (place) => worker?.isDue(place) ?? false,
    onDelivery: (delivery) =>
      worker === undefined ? delivery.giveBack() : worker.deliver(delivery),
    onForeign: (subject, reason) =>
      log.error({ subject, reason }, "Message set aside: it cannot be understood"),
    onTrouble: (err) => log.warn({ err }, "A queue cannot be read now; trying again"),
  });
  const leases = await openLeases(broker, id, reader, settings);
  const stopWatching = watchStrayRejections(log);
  const guard = guardDeterminism(guardMode, log);
  // A thread that outlived its connection would keep, and vouch for, runs that nobody can go on with.
  broker.closed.addEventListener("abort", () => void leases.close(), { once: true });
  const { concurrency } = settings;
  const flows = [...known.keys()];
  const stats = (): WorkerStats => worker?.stats ?? { held: 0, executing: 0 };
  const presence = new Presence({ worker: id, broker, clock, queues, flows, concurrency, stats });
  broker.closed.addEventListener("abort", () => presence.end(), { once: true });
  const stopAnswering = answerQuestions({
    broker,
    worker: id,
    log,
    activityOf: (run) => worker?.held.get(run)?.activity,
  });
  // What the process has of its own, and no broker takes from it.
  broker.killed?.addEventListener("abort", () => {
    stopWatching();
    guard.stop();
    presence.end();
  });
  worker = new Worker({
    worker: id,
    broker,
    clock,
    payloads: options.connection.payloads ?? new Payloads(broker, clock),
    log,
    leases,
    guard,
    definitions: known,
    leaseMs: reader.leaseMs,
    limits,
    queues,
    concurrency,
    maxHeld: settings.maxHeld,
    suspendAfterMs: settings.suspendAfterMs,
    drainGraceMs: settings.drainGraceMs,
    onDraining: () => presence.draining(),
    onDrained: async () => {
      stopWatching();
      guard.stop();
      stopAnswering();
      await presence.stopped();
    },
  });
  broker.closed.addEventListener("abort", () => {
    const { reason } = broker.closed;
    if (!(reason instanceof NamespaceChangedError)) return;
    log.error({ err: reason }, "This worker stops");
    void worker?.drain();
  });
  const { ended } = leases;
  ended.addEventListener("abort", () => {
    log.error({ err: ended.reason }, "No lease can be kept: this worker stops and hands over");
    void worker.drain();
  });
  await openQueues(worker, queues, reader);
  worker.begin(reader);
  try {
    await start(id);
  } catch (error) {
    await worker.drain();
    throw error;
  }
  log.info({ queues, flows, leaseMs: reader.leaseMs }, "Serving");
  return worker;
}

/** What a worker process has beside what it was asked to serve. */
export interface Beside {
  /** Definitions that every worker serves, from queues that are taken with the lease that they have. */
  readonly builtIn: readonly AnyDefinition[];
  /** Called with the worker's id when it is reading, before it says that it serves. */
  readonly start: (worker: string) => Promise<void>;
}

const NOTHING_BESIDE: Beside = Object.freeze({ builtIn: [], start: () => Promise.resolve() });

/** A worker that {@link serve} started. */
export interface ServingWorker {
  /** Unique among all workers, and new for each start: `<host>-<pid>-<random>`. */
  readonly id: string;
  readonly stats: WorkerStats;
  /**
   * Resolves when the worker has stopped: by {@link ServingWorker.drain}, or by itself when it can keep no lease any more
   * (the broker refuses its second connection), or partitions were added to its namespace. Its log says why.
   */
  readonly stopped: Promise<void>;
  /**
   * Stops taking runs, lets running steps finish for up to `drainGrace`, and hands over what it still holds, with nothing
   * repeated and no crash counted. Safe to call twice. The connection stays open.
   */
  drain(): Promise<void>;
}

export interface ServeOptions {
  /** What {@link connect} gave. */
  readonly connection: { readonly broker: Broker; readonly payloads?: Payloads };
  /** Runs that execute at once: that replay or have a step going. Runs that only wait do not count. Default 100. */
  readonly concurrency?: number;
  /** Runs that are active in this worker at once, by the name of their queue or flow, such as `{ render: 2 }`. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Runs in memory at once, waiting ones included. Default 10,000. */
  readonly maxHeld?: number;
  /** The queues to read, in place of the definitions' own. */
  readonly queues?: readonly string[];
  /**
   * How long a dead worker's runs stay with it. Default: what the queue was made with, 5 s for a new one. An existing
   * queue with another lease is refused.
   */
  readonly lease?: Duration;
  /** How long the event loop may be blocked before the worker counts as hung and loses its runs. Default 5 min. */
  readonly maxBlocked?: Duration;
  /**
   * How the runs of a worker that was killed come to others. `fast`: workers watch each other, and wake what one of them held
   * for longer than half a second as soon as it is gone. `lease`: when its leases have run out; this worker then watches nobody
   * and is watched by nobody. Default `fast`.
   */
  readonly takeOver?: "fast" | "lease";
  /**
   * How long a run that only waits (for a time, a signal, another run) stays in memory. Then it is suspended: it costs this
   * worker nothing, and resumes on any. Default 30 s.
   */
  readonly suspendAfter?: Duration;
  /** How long {@link ServingWorker.drain} lets running steps go on. Default 30 s. */
  readonly drainGrace?: Duration;
  /**
   * Whether flow code is watched for time, chance and network past its context. `warn` logs each such line once, `throw`
   * fails the run there, `off` costs nothing. Default: `warn` when `NODE_ENV` is `development`, otherwise `off`.
   */
  readonly determinismGuard?: GuardMode;
  readonly log?: Logger;
  readonly clock?: Clock;
}

const SERVE_DEFAULTS = Object.freeze({
  concurrency: 100,
  maxHeld: 10_000,
  maxBlocked: "5m",
  drainGrace: "30s",
  suspendAfter: "30s",
  takeOver: "fast",
} satisfies Partial<ServeOptions>);

/** What was asked for, or the defaults. @throws {@link InvalidOptionError}, {@link InvalidDurationError} */
function settingsOf(options: ServeOptions): WorkerSettings {
  const { concurrency, maxHeld, takeOver, ...times } = SERVE_DEFAULTS;
  const settings = {
    concurrency: options.concurrency ?? concurrency,
    maxHeld: options.maxHeld ?? maxHeld,
    takeOver: options.takeOver ?? takeOver,
    maxBlockedMs: toMilliseconds(options.maxBlocked ?? times.maxBlocked),
    drainGraceMs: toMilliseconds(options.drainGrace ?? times.drainGrace),
    suspendAfterMs: toMilliseconds(options.suspendAfter ?? times.suspendAfter),
  };
  checkCount("concurrency", settings.concurrency);
  checkCount("maxHeld", settings.maxHeld);
  if (settings.takeOver !== "fast" && settings.takeOver !== "lease") {
    throw new InvalidOptionError("takeOver", settings.takeOver, "give fast or lease");
  }
  return settings;
}

interface WorkerSettings {
  readonly concurrency: number;
  readonly takeOver: "fast" | "lease";
  readonly maxHeld: number;
  readonly maxBlockedMs: number;
  readonly drainGraceMs: number;
  readonly suspendAfterMs: number;
}

/** Nothing is taken from a queue before its settings are known: it may be paused. */
async function openQueues(
  worker: Worker,
  queues: readonly string[],
  reader: QueueReader,
): Promise<void> {
  try {
    await worker.admission.watch(queues);
  } catch (error) {
    await Promise.all([reader.stop(), worker.drain()]);
    throw error;
  }
}

/** A queue that cannot be kept is not read. */
async function openLeases(
  broker: Broker,
  id: string,
  reader: QueueReader,
  { maxBlockedMs, takeOver }: WorkerSettings,
): Promise<LeaseKeeper> {
  const watch = takeOver === "fast";
  try {
    return await broker.peers.openLeases(id, { leaseMs: reader.leaseMs, maxBlockedMs, watch });
  } catch (error) {
    await reader.stop();
    throw error;
  }
}

/** Renewals of a shorter one would be late on a busy machine, and be most of what the broker does. */
const SHORTEST_LEASE_MS = 100;

function leaseOf(lease: Duration): number {
  const ms = toMilliseconds(lease);
  if (ms >= SHORTEST_LEASE_MS) return ms;
  throw new InvalidOptionError("lease", lease, `give ${SHORTEST_LEASE_MS} ms or more`);
}

function index(definitions: readonly AnyDefinition[]): ReadonlyMap<string, AnyDefinition> {
  const known = new Map<string, AnyDefinition>();
  for (const definition of definitions) {
    const { name } = definition;
    if (known.has(name) && known.get(name) !== definition) {
      throw new InvalidOptionError("definitions", name, "two flows or tasks have this name");
    }
    known.set(name, definition);
  }
  if (known.size === 0) throw new InvalidOptionError("definitions", "[]", "give a flow or a task");
  return known;
}

/** The queue where a definition's runs wait, and the one of its name, to which others pass on what they do not know. */
function queuesOf(definitions: readonly AnyDefinition[]): ReadonlySet<string> {
  return new Set(definitions.flatMap(({ name, queue }) => [queue, name]));
}

function checkCount(option: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new InvalidOptionError(option, value, "give a whole number from 1");
}
