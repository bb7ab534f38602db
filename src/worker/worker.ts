import type { Logger } from "pino";
import type { AnyDefinition } from "../definition/definition.ts";
import { queueOfPlace, siblingsOf } from "../engine/priority.ts";
import { parseRunId } from "../engine/run-id.ts";
import { tellIfClosed } from "../history/tell-closed.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { LeaseKeeper } from "../ports/leases.ts";
import type { Delivery, DeliveryKind, QueueReader } from "../ports/work-queue.ts";
import type { Activation } from "./activation.ts";
import type { HeldRun, IdleRun } from "./activation-parts.ts";
import { Admission } from "./admission.ts";
import { type ArrivalHost, Arrivals } from "./arrivals.ts";
import type { DeterminismGuard } from "./determinism-guard.ts";
import { Emitter } from "./emitter.ts";
import { KeptMessage } from "./kept-message.ts";
import { LeaseLostError } from "./lease-lost-error.ts";
import { Slots } from "./slots.ts";
import { StepCache } from "./step-cache.ts";
import { Turns } from "./turns.ts";
import { wakeRunsOf } from "./wake-runs-of.ts";

/** A worker: takes runs from its queues, holds them, and gives them up in good order when it drains. */
export class Worker implements ArrivalHost {
  /** Unique among all workers, and new for each start. */
  readonly worker: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly payloads: Payloads;
  readonly log: Logger;
  readonly definitions: ReadonlyMap<string, AnyDefinition>;
  readonly held = new Map<string, Activation>();
  readonly slots: Slots;
  readonly idle = new Set<IdleRun>();
  readonly suspendAfterMs: number;
  readonly guard: DeterminismGuard;
  readonly admission: Admission;
  readonly cache: StepCache;
  readonly emitter: Emitter;
  readonly #parts: WorkerParts;
  readonly #arrivals = new Arrivals(this);
  #arrived: KeptMessage[] = [];
  readonly #handling: Record<DeliveryKind, number> = { new: 0, in: 0 };
  /** Those of them that wait for leave to go on. */
  readonly #waiting: Record<DeliveryKind, number> = { new: 0, in: 0 };
  readonly #receiving = new Set<Promise<void>>();
  #reader: QueueReader | undefined;
  /** Queues whose new runs wait in places of their own, by priority. */
  readonly #spreads = new Set<string>();
  readonly #turns = new Turns();
  #draining: Promise<void> | undefined;
  #markStopped: () => void = () => undefined;
  /** Resolves when it has drained, whoever asked for it. */
  readonly stopped = new Promise<void>((resolve) => {
    this.#markStopped = resolve;
  });

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.worker = parts.worker;
    this.broker = parts.broker;
    this.clock = parts.clock;
    this.payloads = parts.payloads;
    this.log = parts.log;
    this.definitions = parts.definitions;
    this.suspendAfterMs = parts.suspendAfterMs;
    parts.leases.onAsked((run) => this.#look(run));
    parts.leases.onMissing((peer) => void wakeRunsOf(this, peer));
    this.guard = parts.guard;
    const onRoom = (): void => this.#reader?.more();
    this.slots = new Slots(parts.concurrency, onRoom);
    const { worker, broker, clock, log, leaseMs, limits } = parts;
    this.cache = new StepCache({ worker, broker, payloads: parts.payloads, clock, log });
    this.emitter = new Emitter({ broker, clock });
    this.admission = new Admission({
      worker,
      broker,
      clock,
      log,
      slots: this.slots,
      leaseMs,
      limits,
      onSpread: (queue) => this.#spread(queue),
      onRoom,
    });
  }

  get id(): string {
    return this.worker;
  }

  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /** What it is doing now. */
  get stats(): WorkerStats {
    return { held: this.held.size, executing: this.slots.used };
  }

  /** Reads from a reader that was opened for this worker. */
  begin(reader: QueueReader): void {
    this.#reader = reader;
    for (const queue of this.#spreads) this.#readSiblings(queue);
    reader.more();
  }

  isDue(place: string): boolean {
    return this.#turns.isDue(place);
  }

  #noteTurn(place: string): void {
    const { queue } = queueOfPlace(place);
    if (this.#spreads.has(queue)) this.#turns.note(place, [queue, ...siblingsOf(queue)]);
  }

  #spread(queue: string): void {
    this.#spreads.add(queue);
    this.#readSiblings(queue);
  }

  /** Reads where new runs with a priority wait, if this worker reads their queue. */
  #readSiblings(queue: string): void {
    const reader = this.#reader;
    if (reader === undefined || this.draining || !this.#parts.queues.includes(queue)) return;
    Promise.all(siblingsOf(queue).map((place) => reader.addSibling(place, queue))).catch(
      (error: unknown) => {
        this.log.warn({ err: error, queue }, "Runs with a priority cannot be read yet");
        this.clock.after(SPREAD_AGAIN_MS, () => this.#readSiblings(queue));
      },
    );
  }

  room(kind: DeliveryKind): number {
    if (this.draining) return 0;
    const waiting = Math.min(this.#waiting[kind], MAX_WAITING);
    const handling = this.#handling[kind] - waiting;
    if (kind === "in") return MAX_INPUTS - handling;
    this.#makeRoom();
    return Math.min(this.slots.free, this.#parts.maxHeld - this.held.size) - handling;
  }

  roomOf(kind: DeliveryKind, queue: string): number {
    return kind === "in" ? Number.POSITIVE_INFINITY : this.admission.room(queue, this.isDue(queue));
  }

  async whileWaiting<T>(kind: DeliveryKind, waiting: Promise<T>): Promise<T> {
    this.#waiting[kind]++;
    this.#reader?.more();
    try {
      return await waiting;
    } finally {
      this.#waiting[kind]--;
    }
  }

  /** Keeps the message at once, and looks at it when all that came with it is kept too. */
  deliver(delivery: Delivery): void {
    const { kind, queue } = delivery;
    if (kind === "new") this.#noteTurn(queue);
    this.#take(new KeptMessage(delivery, this.#parts.leases));
  }

  again(message: KeptMessage): void {
    message.age();
    this.#take(message);
  }

  later(message: KeptMessage, ms: number): void {
    this.clock.after(ms, () => this.again(message));
  }

  holdsSlot(activation: HeldRun): boolean {
    return this.admission.holdsSlot(activation);
  }

  onLeave(left: HeldRun, how: "left" | "lost"): void {
    this.admission.end(left, how);
    if (this.held.get(left.run.id) === left) this.held.delete(left.run.id);
    if (left.isBehind) this.#look(left.run.id);
    this.#reader?.more();
  }

  /**
   * Stops pulling, lets running steps finish for as long as the grace period, and hands every run it still holds to the
   * other workers, without a step repeated and without a crash counted. Safe to call twice.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drain().finally(this.#markStopped);
    return this.#draining;
  }

  /** Somebody was told that this worker holds the run, and relies on it (I6). */
  #look(run: string): void {
    const held = this.held.get(run);
    if (held !== undefined) return held.readInbox();
    // Given up meanwhile. Suspended, it is woken by what is in its inbox; closed, whoever asked to be told must be.
    this.#tell(run).catch((err: unknown) =>
      this.log.warn({ err, run }, "Whoever waits for a closed run was not told"),
    );
  }

  /** Anybody can ask after anything (I11). */
  async #tell(run: string): Promise<void> {
    await tellIfClosed(this, parseRunId(run));
  }

  #take(message: KeptMessage): void {
    this.#handling[message.delivery.kind]++;
    this.#arrived.push(message);
    // A step that blocks the event loop must not do so before its neighbours' leases are kept (I12).
    if (this.#arrived.length === 1) setImmediate(() => this.#receive());
  }

  /** Under pressure the runs that have waited longest leave memory first. */
  #makeRoom(): void {
    let over = this.held.size - this.#parts.maxHeld + 1;
    for (const run of this.idle) {
      if (over-- <= 0) return;
      run.suspend();
    }
  }

  #receive(): void {
    const messages = this.#arrived;
    this.#arrived = [];
    for (const message of messages) {
      const received = this.#arrivals
        .receive(message)
        .catch((error: unknown) => {
          // Not acked: it comes again when its lease is over.
          message.drop();
          if (!this.broker.closed.aborted) {
            this.log.warn(
              { err: error, run: message.delivery.run.id },
              "A message is left for later",
            );
          }
        })
        .finally(() => {
          this.#receiving.delete(received);
          this.#handling[message.delivery.kind]--;
          this.#reader?.more();
        });
      this.#receiving.add(received);
    }
  }

  async #drain(): Promise<void> {
    this.log.info({ held: this.held.size }, "Draining");
    this.#parts.onDraining();
    const { drainGraceMs } = this.#parts;
    const cancelGrace = this.clock.after(drainGraceMs, () => {
      const reason = new Error("The worker stops: the step runs again on another worker.");
      for (const activation of this.held.values()) activation.abortSteps(reason);
    });
    let cancelLimit: (() => void) | undefined;
    const limit = new Promise<void>((resolve) => {
      cancelLimit = this.clock.after(drainGraceMs + HAND_OVER_MS, resolve);
    });
    await Promise.race([this.#handOver(), limit]);
    cancelGrace();
    cancelLimit?.();
    // The broker is away, and nothing can be handed over: leases that run out do the same, later.
    for (const activation of this.held.values()) {
      activation.lose(
        new LeaseLostError("The worker stops, and its broker is away: another worker takes over."),
      );
    }
    await this.#parts.leases.close();
    await this.#parts.onDrained();
    this.log.info("Drained");
  }

  async #handOver(): Promise<void> {
    const stopped = this.#reader?.stop();
    // Whoever waits for leave to go on is given back, and the slots that the releases give back are freed.
    this.admission.close();
    await Promise.all([stopped, ...this.#releases()]);
    // What came last is given back, or was taken up just before: release that too.
    while (this.#arrived.length + this.#receiving.size > 0) {
      await Promise.all(this.#receiving);
      await new Promise(setImmediate);
    }
    await Promise.all(this.#releases());
    await this.admission.settled();
  }

  #releases(): Promise<void>[] {
    return [...this.held.values()].map((activation) => activation.release());
  }
}

export interface WorkerStats {
  /** Runs in memory: executing or waiting. */
  readonly held: number;
  /** Runs that replay or have a step going. */
  readonly executing: number;
}

export interface WorkerParts {
  readonly worker: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly payloads: Payloads;
  readonly log: Logger;
  readonly leases: LeaseKeeper;
  readonly guard: DeterminismGuard;
  readonly definitions: ReadonlyMap<string, AnyDefinition>;
  /** The shortest lease of its queues. */
  readonly leaseMs: number;
  readonly limits: ReadonlyMap<string, number>;
  /** The queues that it reads. */
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly maxHeld: number;
  readonly suspendAfterMs: number;
  readonly drainGraceMs: number;
  /** It takes nothing more. */
  readonly onDraining: () => void;
  readonly onDrained: () => Promise<void>;
}

/** After the grace period, handing over takes as long as the broker needs, but no longer than this. */
const HAND_OVER_MS = 5_000;

/** After places for priorities could not be opened. */
const SPREAD_AGAIN_MS = 2_000;

/** Messages that wait for leave to go on, and take up nobody's room. Each is kept, which costs some memory. */
const MAX_WAITING = 10_000;

/** Inputs that are looked at at once. They are small, and mostly answered with an ack. */
const MAX_INPUTS = 256;
