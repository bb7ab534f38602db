/**
 * One worker's hold on a trigger whose shape remembers events.
 *
 * - A message is acked when the state that holds it is durable, and not before: a crash in between delivers it again, and the
 *   state knows it by its id.
 * - A firing is decided by the write of a state, carried out after it, and cleared by a later write: a crash in between carries
 *   it out again, and its key is the same.
 * - Time passes for a shape only when every event was folded that was stored before: late readers decide as early ones.
 */
import type { CloudEvent } from "../../engine/cloud-event.ts";
import { ExpressionError } from "../../engine/expression-error.ts";
import { bytesOf, type Shape, type ShapeEvent } from "../../engine/trigger-shapes/shape.ts";
import { shapeOf } from "../../engine/trigger-shapes/shape-of.ts";
import {
  clearFired,
  foldEvent,
  foldTime,
  type TriggerState,
} from "../../engine/trigger-shapes/trigger-state.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BusDelivery, Consumption } from "../../ports/message-bus.ts";
import type { TriggerPlace } from "../../wire/trigger-place-codec.ts";
import type { ActiveTrigger } from "./active-trigger.ts";
import { Deadlines } from "./deadlines.ts";
import type { EachHost } from "./each-runner.ts";
import { isAway } from "./firings.ts";
import { ReadingProgress } from "./reading-progress.ts";
import { SideReaders } from "./side-readers.ts";
import { type Cell, StateCells } from "./state-cells.ts";
import { isStillSo } from "./still-so.ts";
import { stateKey } from "./trigger-place.ts";

export class ShapedHold {
  readonly #host: ShapedHost;
  readonly #trigger: ActiveTrigger;
  readonly #shape: Shape;
  readonly #readers: SideReaders;
  readonly #cells: StateCells;
  readonly #progress: ReadingProgress;
  readonly #deadlines = new Deadlines();
  readonly #arrived: BusDelivery[] = [];
  readonly #locks = new Map<string, Promise<void>>();
  #consumptions: readonly Consumption[] = [];
  #pumping: Promise<void> | undefined;
  #ticking: Promise<void> | undefined;
  #cancelTick: (() => void) | undefined;
  #isStopped = false;

  constructor(host: ShapedHost, trigger: ActiveTrigger, place: TriggerPlace) {
    const { millrace, clock } = host;
    const { bus, control } = millrace.broker;
    this.#host = host;
    this.#trigger = trigger;
    this.#shape = shapeOf(trigger.record.spec);
    this.#readers = new SideReaders(trigger, place, millrace.namespace);
    const prefix = stateKey(trigger.name, place.generation);
    this.#cells = new StateCells(control, prefix, this.#shape.memoryMs);
    this.#progress = new ReadingProgress(bus, clock, place.consumers, LEASE_MS);
  }

  /** Goes on where the last holder stood. @throws {@link BrokerError} */
  async start(): Promise<void> {
    for (const cell of await this.#cells.load()) this.#wakeFor(cell);
    this.#consumptions = await Promise.all(
      this.#readers.consumers.map((reader) =>
        this.#host.millrace.broker.bus.consume({
          ...reader,
          leaseMs: LEASE_MS,
          maxHeld: MAX_HELD,
          onMessage: (delivery) => {
            this.#arrived.push(delivery);
            this.#pump();
          },
        }),
      ),
    );
    this.#armTick();
  }

  /** Writes what was carried out to the records, so that nobody repeats it. */
  async flush(): Promise<void> {
    for (const cell of this.#cells.dirty()) {
      await this.#locked(cell, async () => {
        if (cell.isDirty) await this.#cells.write(cell, cell.state);
      });
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTick?.();
    await Promise.all(this.#consumptions.map((consumption) => consumption.stop()));
    await this.#pumping;
    await this.#ticking;
    for (const delivery of this.#arrived.splice(0)) delivery.giveBack();
    await this.flush().catch(() => undefined); // Whoever holds it next repeats it: the keys are the same.
  }

  #pump(): void {
    this.#pumping ??= this.#foldArrived().finally(() => {
      this.#pumping = undefined;
      if (this.#arrived.length > 0 && !this.#isStopped) this.#pump();
    });
  }

  async #foldArrived(): Promise<void> {
    while (this.#arrived.length > 0 && !this.#isStopped) {
      const some = this.#arrived.splice(0, MAX_HELD);
      try {
        await this.#foldSome(some);
        this.#progress.folded(some);
      } catch (error) {
        // What was acked is acked: giving it back says nothing.
        for (const delivery of some) delivery.giveBack(AGAIN_MS);
        this.#progress.unsettle();
        this.#complain(error);
      }
      this.#armTick();
    }
  }

  /** All messages of a key go into one write of its state. */
  async #foldSome(deliveries: readonly BusDelivery[]): Promise<void> {
    const byKey = new Map<string, Folded[]>();
    const unneeded: BusDelivery[] = [];
    for (const delivery of deliveries) {
      const read = await this.#read(delivery);
      if (read === undefined) unneeded.push(delivery);
      else byKey.set(read.key, [...(byKey.get(read.key) ?? []), { delivery, event: read.event }]);
    }
    await Promise.all([
      ...unneeded.map((delivery) => delivery.ack()),
      ...[...byKey].map(([key, items]) => {
        const cell = this.#cells.ofKey(key);
        return this.#locked(cell, () => this.#foldCell(cell, items));
      }),
    ]);
  }

  async #read(delivery: BusDelivery): Promise<ReturnType<SideReaders["read"]>> {
    const { firings, stats } = this.#host;
    try {
      const read = this.#readers.read(delivery);
      if (read === undefined || read.event.bytes <= MAX_EVENT_BYTES) return read;
      const reason = `The event takes ${read.event.bytes} bytes, more than a trigger remembers`;
      await firings.refuse(this.#trigger, [read.event.event], reason);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      stats.failed(this.#trigger.name, error);
    }
    return undefined;
  }

  async #foldCell(cell: Cell, items: readonly Folded[]): Promise<void> {
    for (let rest = items; rest.length > 0; ) {
      let state = cell.state;
      let count = 0;
      for (const { event } of rest) {
        state = foldEvent(this.#shape, state, event);
        count++;
        if (outboxBytes(state) > MAX_OUTBOX_BYTES) break;
      }
      if (state !== cell.state && !(await this.#cells.write(cell, state))) continue;
      await Promise.all(rest.slice(0, count).map(({ delivery }) => delivery.ack()));
      rest = rest.slice(count);
      await this.#carryOut(cell);
      this.#wakeFor(cell);
    }
  }

  /** Submits what is decided. What cannot be done now is tried again soon. */
  async #carryOut(cell: Cell): Promise<void> {
    const { outbox } = cell.state;
    if (outbox.length === 0) return;
    const fates = await Promise.allSettled(outbox.map((events) => this.#fire(events)));
    const open = fates.findIndex((fate) => fate.status === "rejected" || fate.value === "held");
    const done = open === -1 ? outbox.length : open;
    if (done > 0) {
      cell.state = clearFired(cell.state, done);
      cell.isDirty = true;
    }
    for (const fate of fates) if (fate.status === "rejected") this.#complain(fate.reason);
  }

  async #fire(events: readonly ShapeEvent[]): Promise<"fired" | "dropped" | "held"> {
    const { millrace, clock, firings } = this.#host;
    const all: readonly CloudEvent[] = events.map(({ event }) => event);
    const { on } = this.#trigger.record.spec;
    const [entered] = all;
    if (on.kind === "run" && on.longerThanMs !== undefined && entered !== undefined) {
      if (!(await isStillSo(millrace.broker, clock, entered))) return "dropped";
    }
    return firings.fire(this.#trigger, all);
  }

  #armTick(): void {
    this.#cancelTick?.();
    const { next } = this.#deadlines;
    if (next === undefined || this.#isStopped) return;
    const { clock } = this.#host;
    this.#cancelTick = clock.after(Math.max(0, next - clock.now()), () => {
      this.#ticking ??= this.#tick()
        .catch((error: unknown) => this.#complain(error))
        .finally(() => {
          this.#ticking = undefined;
          this.#armTick();
        });
    });
  }

  async #tick(): Promise<void> {
    const due = this.#deadlines.takeDue(this.#host.clock.now());
    const again = (token: string): void =>
      this.#deadlines.set(token, this.#host.clock.now() + TICK_AGAIN_MS);
    const upTo = await this.#progress.foldedUpTo().catch((error: unknown) => {
      for (const token of due) again(token);
      throw error;
    });
    await Promise.all(
      due.map(async (token) => {
        const cell = this.#cells.ofToken(token);
        if (cell === undefined) return;
        await this.#locked(cell, () => this.#tickCell(cell, upTo)).catch((error: unknown) => {
          again(token);
          this.#complain(error);
        });
      }),
    );
  }

  async #tickCell(cell: Cell, upTo: number): Promise<void> {
    const state = foldTime(this.#shape, cell.state, upTo);
    if (state !== cell.state) await this.#cells.write(cell, state);
    await this.#carryOut(cell);
    this.#wakeFor(cell);
  }

  /** When this key is looked at next, though no event of it comes. */
  #wakeFor({ token, state }: Cell): void {
    const now = this.#host.clock.now();
    const deadline = this.#shape.deadline(state.shape);
    const isOpen = state.outbox.length > 0;
    const soonest = now + TICK_AGAIN_MS;
    // What is due and not done waits for something: it is looked at again in a moment.
    if (isOpen) this.#deadlines.set(token, soonest);
    else
      this.#deadlines.set(token, deadline === undefined ? undefined : Math.max(deadline, soonest));
  }

  /** One thing at a time is done to a key. */
  async #locked(cell: Cell, work: () => Promise<void>): Promise<void> {
    const before = this.#locks.get(cell.token);
    const mine = (before ?? Promise.resolve()).catch(() => undefined).then(work);
    this.#locks.set(cell.token, mine);
    try {
      await mine;
    } finally {
      if (this.#locks.get(cell.token) === mine) this.#locks.delete(cell.token);
    }
  }

  #complain(error: unknown): void {
    if (this.#isStopped || isAway(error)) return;
    this.#host.log.error({ trigger: this.#trigger.name, err: error }, "A trigger failed");
  }
}

export type ShapedHost = EachHost & { readonly clock: Clock };

interface Folded {
  readonly delivery: BusDelivery;
  readonly event: ShapeEvent;
}

function outboxBytes({ outbox }: TriggerState): number {
  return outbox.reduce((sum, events) => sum + bytesOf(events), 0);
}

/** What a dead holder had in its hands comes back after so long. */
const LEASE_MS = 10_000;
/** Fewer than the ids that a state knows, with two streams. */
const MAX_HELD = 256;
const AGAIN_MS = 1_000;
const TICK_AGAIN_MS = 100;
/** With what is kept, and what one more event adds, a record stays far below a message's megabyte. */
const MAX_EVENT_BYTES = 131_072;
const MAX_OUTBOX_BYTES = 262_144;
