/**
 * What a flow sees of its run's payloads.
 *
 * - **I7** What the flow sees was opened before the event that holds it is applied: to be shown it takes no time.
 */
import type { PlainInput } from "../engine/input.ts";
import { isPlain, type Payload, type PlainPayload } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";

export class OpenedPayloads {
  readonly #parts: OpenedPayloadsParts;
  readonly #opened = new WeakMap<Payload, PlainPayload>();
  readonly #opening = new Map<Payload, Promise<void>>();
  /** How far a replay's events were looked at. */
  #prefetched = 0;

  constructor(parts: OpenedPayloadsParts) {
    this.#parts = parts;
  }

  /** Opens what the flow is to see of an event; nothing when there is nothing to wait for. */
  ready(event: RunEvent): Promise<void> | undefined {
    const payload = this.#payloadOf(event);
    if (payload === undefined || isPlain(payload) || this.#opened.has(payload)) return undefined;
    return this.#opening.get(payload) ?? this.#start(payload);
  }

  /** Starts to open what the next events of a replay hold, a few at a time. Each event is looked at once. */
  prefetch(events: readonly RunEvent[], from: number): void {
    this.#prefetched = Math.max(this.#prefetched, from);
    const end = Math.min(events.length, from + EVENTS_AHEAD);
    while (this.#prefetched < end && this.#opening.size < FETCHES_AHEAD) {
      const event = events[this.#prefetched++];
      // Whoever needs it asks again, and hears of it.
      if (event !== undefined) this.ready(event)?.catch(() => undefined);
    }
  }

  /** What was opened, for the last time: it is kept no longer. */
  take(payload: Payload): PlainPayload {
    const plain = this.#plain(payload);
    this.#opened.delete(payload);
    return plain;
  }

  /** How another run ended, with its payload opened. A flow may ask for it again. */
  outcome(outcome: RunOutcome): RunOutcome<PlainPayload> {
    switch (outcome.status) {
      case "completed":
        return { ...outcome, output: this.#plain(outcome.output) };
      case "failed":
        return { ...outcome, error: this.#plain(outcome.error) };
      case "crashed":
      case "cancelled":
        return outcome;
    }
  }

  #plain(payload: Payload): PlainPayload {
    const plain = isPlain(payload) ? payload : this.#opened.get(payload);
    if (plain === undefined) throw new Error("A payload is shown before it is opened.");
    return plain;
  }

  #start(payload: Payload): Promise<void> | undefined {
    const plain = this.#parts.open(payload);
    if (!(plain instanceof Promise)) {
      this.#opened.set(payload, plain);
      return undefined;
    }
    const opening = plain
      .then((found) => void this.#opened.set(payload, found))
      .finally(() => this.#opening.delete(payload));
    this.#opening.set(payload, opening);
    return opening;
  }

  #payloadOf(event: RunEvent): Payload | undefined {
    switch (event.type) {
      case "StepCompleted":
        return event.output;
      case "StepFailed":
        return event.error;
      case "InputFolded": {
        const input = this.#parts.inputAt(event.sequence);
        if (input?.type === "Signal") return input.payload;
        return input?.type === "RunClosed" ? payloadIn(input.outcome) : undefined;
      }
      default:
        return undefined;
    }
  }
}

export interface OpenedPayloadsParts {
  /** A payload's bytes. Rejects when they cannot be read here, and asking again would not help. */
  readonly open: (payload: Payload) => PlainPayload | Promise<PlainPayload>;
  /** What an input says that the history folds. */
  readonly inputAt: (sequence: number) => PlainInput | undefined;
}

const EVENTS_AHEAD = 16;
const FETCHES_AHEAD = 4;

function payloadIn(outcome: RunOutcome): Payload | undefined {
  if (outcome.status === "completed") return outcome.output;
  return outcome.status === "failed" ? outcome.error : undefined;
}
