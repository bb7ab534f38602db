/**
 * The payloads of one run while a worker holds it.
 *
 * - **I9** What is recorded names only blobs that are durable. A store that is away, or a codec that fails, is waited for: a
 *   result is never lost because of it.
 */
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import type { PlainInput } from "../engine/input.ts";
import { isPlain, type Payload, type PlainPayload } from "../engine/payload.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Clock } from "../ports/clock.ts";
import { OpenedPayloads } from "./opened-payloads.ts";

export class RunPayloads {
  readonly #parts: RunPayloadsParts;
  /** What the flow sees of them. */
  readonly opened: OpenedPayloads;
  #stopped = false;

  constructor(parts: RunPayloadsParts) {
    this.#parts = parts;
    const { inputAt } = parts;
    this.opened = new OpenedPayloads({ inputAt, open: (payload) => this.open(payload) });
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

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
