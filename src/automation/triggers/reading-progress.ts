import type { Clock } from "../../ports/clock.ts";
import type { BusMessage, MessageBus } from "../../ports/message-bus.ts";
import type { PlacedConsumer } from "../../wire/trigger-place-codec.ts";

/** Up to which time the events of some consumers were read and folded, whatever waits there and whoever had it before. */
export class ReadingProgress {
  readonly #bus: MessageBus;
  readonly #clock: Clock;
  readonly #consumers: readonly PlacedConsumer[];
  readonly #leaseMs: number;
  /** By stream: when the last message was stored that was folded. */
  readonly #folded = new Map<string, number>();
  /** From then on nobody else has a message that was handed out before. */
  #settledAt: number;

  constructor(
    bus: MessageBus,
    clock: Clock,
    consumers: readonly PlacedConsumer[],
    leaseMs: number,
  ) {
    this.#bus = bus;
    this.#clock = clock;
    this.#consumers = consumers;
    this.#leaseMs = leaseMs;
    this.#settledAt = clock.now() + leaseMs + MARGIN_MS;
  }

  /** Messages that were folded, in the order in which they came. */
  folded(messages: readonly BusMessage[]): void {
    for (const { stream, storedAt } of messages) {
      this.#folded.set(stream, Math.max(storedAt, this.#folded.get(stream) ?? 0));
    }
  }

  /** Some messages were given back: they come later than others that were stored after them. */
  unsettle(): void {
    this.#settledAt = this.#clock.now() + this.#leaseMs + MARGIN_MS;
    this.#folded.clear();
  }

  /**
   * Every event that was stored before this time was folded; in milliseconds since 1970.
   * @throws {@link BrokerError}
   */
  async foldedUpTo(): Promise<number> {
    const now = this.#clock.now();
    const marks = await Promise.all(this.#consumers.map((one) => this.#ofConsumer(one, now)));
    return Math.min(now, ...marks);
  }

  async #ofConsumer({ stream, consumer }: PlacedConsumer, now: number): Promise<number> {
    const found = (await this.#bus.consumers(stream)).find(({ name }) => name === consumer);
    // Nothing waits, and nobody has anything.
    if (found !== undefined && found.waiting + found.handedOut === 0) return now;
    if (now < this.#settledAt) return 0;
    return this.#folded.get(stream) ?? 0;
  }
}

const MARGIN_MS = 2_000;
