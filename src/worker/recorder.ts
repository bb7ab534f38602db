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
import { type AppendPlace, type AppendResult, appendFrame } from "./append-frame.ts";

export class Recorder {
  readonly #parts: RecorderParts;
  #place: AppendPlace;
  #outbox: RunEvent[] = [];
  #flushing = false;
  #stopped = false;
  /** The last inbox sequence that the next frame will name as folded. */
  inboxFolded: number;

  constructor(parts: RecorderParts, place: AppendPlace, inboxFolded: number) {
    this.#parts = parts;
    this.#place = place;
    this.inboxFolded = inboxFolded;
  }

  /** True when all that was recorded is durable and told. */
  get idle(): boolean {
    return !this.#flushing && this.#outbox.length === 0;
  }

  get place(): AppendPlace {
    return this.#place;
  }

  /** Puts an event at the end of the next frame without asking for that frame: it can wait for company. */
  hold(body: RunEventBody, at = this.#parts.clock.now()): void {
    this.#outbox.push({ ...body, at });
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
    const { run, identity, onDurable, onLost } = this.#parts;
    while (this.#outbox.length > 0 && !this.#stopped) {
      const events = this.#next();
      this.#parts.onSend();
      const result = await appendFrame(this.#parts, run, this.#place, {
        ...identity,
        inboxFolded: this.inboxFolded,
        status: this.#parts.statusAfter(events),
        events,
      });
      if (this.#stopped) break;
      if (result.status !== "appended") {
        this.#stopped = true;
        onLost(result);
        break;
      }
      this.#place = { prev: result.sequence, last: result.sequence };
      await onDurable(events, result.bytes);
    }
    this.#flushing = false;
    if (!this.#stopped) this.#parts.onIdle();
  }

  /** As many events as fit in one message, at least one. */
  #next(): RunEvent[] {
    let size = 0;
    let count = 0;
    for (const event of this.#outbox) {
      size += eventSizeBytes(event);
      if (count > 0 && size > this.#parts.maxFrameBytes) break;
      count++;
    }
    return this.#outbox.splice(0, count);
  }
}

export interface RecorderParts {
  readonly run: RunRef;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxFrameBytes: number;
  /** What every frame of this activation says. */
  readonly identity: {
    readonly epoch: number;
    readonly writer: string;
    readonly token: number;
    readonly queue: string;
  };
  /** The run's status once these events are durable. */
  readonly statusAfter: (events: readonly RunEvent[]) => FrameStatus;
  /** A frame leaves: what it says, and which inputs it folds, is settled. */
  readonly onSend: () => void;
  /** Lets the flow see the events; the next frame leaves after that. */
  readonly onDurable: (events: readonly RunEvent[], frame: Uint8Array) => Promise<void>;
  readonly onLost: (result: Exclude<AppendResult, { status: "appended" }>) => void;
  readonly onIdle: () => void;
  /** Something threw that must not: the run is better off elsewhere. */
  readonly onDefect: (error: unknown) => void;
}
