/**
 * Writes one activation's frames.
 *
 * - **I2** One append is in flight at a time, and each expects the one before it.
 * - **I3** What was recorded is told to the flow only after its frame is durable, in the history's order.
 *
 * Events that become ready while an append is in flight go out together in the next frame (group commit).
 */
import type { Logger } from "pino";
import type { FrameStatus } from "../engine/frame.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { eventSizeBytes } from "../wire/frame-codec.ts";
import { type AppendPlace, appendFrame, type LostAppend } from "./append-frame.ts";

export class Recorder {
  readonly #parts: RecorderParts;
  #place: AppendPlace;
  #outbox: Outgoing[] = [];
  #flushing = false;
  #stopped = false;
  /** The last inbox sequence that a frame named as folded. */
  #folded: number;
  /** Sequence of the last frame with an `Annotated` event. */
  #annotated: number;

  constructor(parts: RecorderParts, from: RecorderStart) {
    this.#parts = parts;
    this.#place = from.place;
    this.#folded = from.inboxFolded;
    this.#annotated = from.annotated;
  }

  /** True when all that was recorded is durable and told. */
  get idle(): boolean {
    return !this.#flushing && !this.holdsEvents;
  }

  /** True while there are events that have not left. */
  get holdsEvents(): boolean {
    return this.#outbox.some(({ event }) => event !== undefined);
  }

  /** Puts an event at the end of the next frame without asking for that frame: it can wait for company. */
  hold(body: RunEventBody, at = this.#parts.clock.now()): void {
    const folds = body.type === "InputFolded" ? body.sequence : 0;
    this.#outbox.push({ event: { ...body, at }, folds });
  }

  /** The next frame also names this input as folded: nothing is to be said of it. Needs no frame of its own. */
  pass(sequence: number): void {
    this.#outbox.push({ event: undefined, folds: sequence });
  }

  /** Records an event. It is durable when `onDurable` tells of it. */
  record(body: RunEventBody, at?: number): void {
    this.hold(body, at);
    this.flush();
  }

  /** Sends what is held, as soon as nothing is in flight. */
  flush(): void {
    if (this.#flushing || this.#stopped) return;
    this.#flushing = true;
    // After this turn's other events are there: they share the frame.
    process.nextTick(() => {
      this.#drain().catch((error: unknown) => {
        this.#stopped = true;
        this.#parts.onDefect(error);
      });
    });
  }

  /** No further frame leaves. What is in flight may still land; the next holder sees it. */
  stop(): void {
    this.#stopped = true;
    this.#outbox = [];
  }

  async #drain(): Promise<void> {
    const { run, identity, onDurable, onLost, onTooLarge } = this.#parts;
    while (this.holdsEvents && !this.#stopped) {
      const { events, folds } = this.#next();
      const inboxFolded = Math.max(this.#folded, folds);
      const result = await appendFrame(this.#parts, run, this.#place, {
        ...identity,
        inboxFolded,
        annotated: this.#annotated,
        status: this.#parts.statusAfter(events),
        events,
      });
      if (this.#stopped) break;
      if (result.status === "too-large") {
        // Nothing that comes after it can be recorded without it.
        this.#outbox = [];
        onTooLarge(events, result);
        continue;
      }
      if (result.status !== "appended") {
        this.#stopped = true;
        onLost(result);
        break;
      }
      this.#place = { prev: result.sequence, last: result.sequence };
      this.#folded = inboxFolded;
      if (events.some(({ type }) => type === "Annotated")) this.#annotated = result.sequence;
      await onDurable(events, { bytes: result.bytes, inboxFolded });
    }
    this.#flushing = false;
    if (!this.#stopped) this.#parts.onIdle();
  }

  /** As many events as fit in one message, at least one, and the inputs that are folded by them. */
  #next(): { readonly events: readonly RunEvent[]; readonly folds: number } {
    const events: RunEvent[] = [];
    let size = 0;
    let count = 0;
    let folds = 0;
    const isAlone = this.#outbox.length === 1;
    for (const { event, folds: sequence } of this.#outbox) {
      if (event !== undefined) {
        if (!isAlone) size += eventSizeBytes(event);
        if (events.length > 0 && size > this.#parts.broker.log.maxMessageBytes) break;
        events.push(event);
      }
      folds = Math.max(folds, sequence);
      count++;
    }
    this.#outbox.splice(0, count);
    return { events, folds };
  }
}

/** An event on its way to a frame, or an input that is passed over in silence. */
interface Outgoing {
  readonly event: RunEvent | undefined;
  /** Sequence of the input that is folded by this, or 0. */
  readonly folds: number;
}

/** Where an activation's first frame goes on from. */
export interface RecorderStart {
  readonly place: AppendPlace;
  readonly inboxFolded: number;
  /** Sequence of the last frame with an `Annotated` event, 0 for none. */
  readonly annotated: number;
}

/** A frame that is durable. */
export interface DurableFrame {
  readonly bytes: Uint8Array;
  /** Every input up to here is folded. */
  readonly inboxFolded: number;
}

export interface RecorderParts {
  readonly run: RunRef;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  /** What every frame of this activation says. */
  readonly identity: {
    readonly epoch: number;
    readonly writer: string;
    readonly token: number;
    readonly queue: string;
  };
  /** The run's status once these events are durable. */
  readonly statusAfter: (events: readonly RunEvent[]) => FrameStatus;
  /** Lets the flow see the events; the next frame leaves after that. */
  readonly onDurable: (events: readonly RunEvent[], frame: DurableFrame) => Promise<void>;
  readonly onLost: (result: LostAppend) => void;
  /** A frame with one event that fits in no message. It is dropped, and all that was to follow it. */
  readonly onTooLarge: (
    events: readonly RunEvent[],
    size: { readonly bytes: Uint8Array; readonly limitBytes: number },
  ) => void;
  readonly onIdle: () => void;
  /** Something threw that must not: the run is better off elsewhere. */
  readonly onDefect: (error: unknown) => void;
}
