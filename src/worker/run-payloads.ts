/**
 * The payloads of one run while a worker holds it.
 *
 * - **I9** What is recorded names only blobs that are durable. A store that is away, or a codec that fails, is waited for: a
 *   result is never lost because of it.
 * - **I7** What the flow sees was opened before the event that holds it is applied: to be shown it takes no time.
 */
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import type { PlainInput } from "../engine/input.ts";
import { isPlain, type Payload, type PlainPayload } from "../engine/payload.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Clock } from "../ports/clock.ts";

export class RunPayloads {
  readonly #parts: RunPayloadsParts;
  readonly #opened = new WeakMap<Payload, PlainPayload>();
  readonly #opening = new Map<Payload, Promise<void>>();
  /** How far a replay's events were looked at. */
  #prefetched = 0;
  #stopped = false;

  constructor(parts: RunPayloadsParts) {
    this.#parts = parts;
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * A payload as it may be recorded, when it is ready. A promise only if there is something to wait for.
   * @throws {@link PayloadTooLargeError}
   */
  seal(payload: Payload, what: string): Payload | Promise<Payload> {
    if (!isPlain(payload)) return payload;
    const { payloads } = this.#parts;
    return this.#persist(
      () => payloads.seal(payload, what),
      (error) => !(error instanceof PayloadTooLargeError),
    );
  }

  /** A payload's bytes. Rejects when they cannot be read here, and asking again would not help. */
  open(payload: Payload): PlainPayload | Promise<PlainPayload> {
    const { payloads } = this.#parts;
    return this.#persist(
      () => payloads.open(payload),
      (error) => error instanceof BlobStoreError,
    );
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
    const plain = this.open(payload);
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

  /** Tries until it is done, as long as the run is here and it may help. */
  #persist<T>(attempt: () => T | Promise<T>, helps: (error: unknown) => boolean): T | Promise<T> {
    try {
      const done = attempt();
      return done instanceof Promise
        ? done.catch((error: unknown) => this.#again(error, attempt, helps))
        : done;
    } catch (error) {
      return this.#again(error, attempt, helps);
    }
  }

  async #again<T>(
    first: unknown,
    attempt: () => T | Promise<T>,
    helps: (error: unknown) => boolean,
  ): Promise<T> {
    let error = first;
    for (let tries = 0; helps(error) && !this.#stopped; tries++) {
      this.#parts.onTrouble(error);
      const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** tries);
      await new Promise<void>((resolve) => {
        this.#parts.clock.after(delayMs, resolve);
      });
      try {
        return await attempt();
      } catch (thrown) {
        error = thrown;
      }
    }
    throw error;
  }
}

export interface RunPayloadsParts {
  readonly payloads: Payloads;
  readonly clock: Clock;
  /** What an input says that the history folds. */
  readonly inputAt: (sequence: number) => PlainInput | undefined;
  /** Something could not be stored or fetched, and is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

const EVENTS_AHEAD = 16;
const FETCHES_AHEAD = 4;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

function payloadIn(outcome: RunOutcome): Payload | undefined {
  if (outcome.status === "completed") return outcome.output;
  return outcome.status === "failed" ? outcome.error : undefined;
}
