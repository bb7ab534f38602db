import { ConnectionClosedError } from "../engine/usage-errors.ts";
import type { BusDelivery, BusMessage, ConsumeOptions, Consumption } from "../ports/message-bus.ts";
import type { BusReader, MemoryBusConsumer } from "./memory-bus-consumer.ts";
import type { MemoryBusStore } from "./memory-bus-store.ts";
import type { MemoryLink } from "./memory-link.ts";

/** One process's hand in a consumer. */
export class MemoryConsumption implements Consumption, BusReader {
  readonly #broker: MemoryBusStore;
  readonly #link: MemoryLink;
  readonly #options: ConsumeOptions;
  readonly #onStopped: () => void;
  #consumer: MemoryBusConsumer | undefined;
  /** Where a consumer that was removed is made again: nothing before may be unacked. */
  #floor = 0;
  /** Handed out, and still on the way here. */
  #coming = 0;
  /** Here, and neither acked nor given back. */
  #held = 0;
  #stopped = false;

  constructor(
    broker: MemoryBusStore,
    link: MemoryLink,
    options: ConsumeOptions,
    onStopped: () => void,
  ) {
    this.#broker = broker;
    this.#link = link;
    this.#options = options;
    this.#onStopped = onStopped;
  }

  /** Opens the consumer, at the broker. @throws {@link BrokerError} when it is refused. */
  begin(after: number | undefined): void {
    const { stream, consumer: name, filters, leaseMs = DEFAULT_LEASE_MS } = this.#options;
    this.#consumer = this.#broker.openConsumer({ stream, name, filters, leaseMs, after });
    this.#floor = this.#consumer.floor;
    this.#consumer.addReader(this);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#onStopped();
    // The answer comes after whatever is on its way.
    await this.#link.ask(
      () => this.leave(),
      () => undefined,
    );
  }

  leave(): void {
    this.#consumer?.removeReader(this);
  }

  /** The connection broke and is there again, or the process goes on: what was under way is lost. */
  renew(): void {
    this.#coming = 0;
    this.#link.send(() => this.#consumer?.dispatch());
  }

  goOn(): void {
    this.#link.send(() => this.#consumer?.dispatch());
  }

  hasRoom(): boolean {
    const { maxHeld = DEFAULT_MAX_HELD } = this.#options;
    return this.#link.state === "running" && !this.#stopped && this.#held + this.#coming < maxHeld;
  }

  removed(): void {
    this.#link.receive(() => {
      if (this.#stopped) return;
      this.#link.send(() => {
        const stream = this.#broker.stream(this.#options.stream);
        this.begin(stream?.isWorkQueue === true ? 0 : this.#floor);
      });
    });
  }

  take(consumer: MemoryBusConsumer, message: BusMessage, handedOut: number): void {
    this.#coming++;
    this.#link.receive(() => {
      this.#coming = Math.max(0, this.#coming - 1);
      if (this.#stopped) return this.#link.send(() => consumer.giveBack(message.sequence));
      this.#held++;
      this.#options.onMessage(this.#delivery(message, handedOut));
    });
  }

  #delivery(message: BusMessage, deliveries: number): BusDelivery {
    const { sequence } = message;
    let isHeld = true;
    const letGo = (): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#held--;
      this.#link.send(() => this.#consumer?.dispatch());
    };
    return {
      ...message,
      deliveries,
      ack: () => {
        const confirmed = this.#ack(sequence);
        letGo();
        return confirmed;
      },
      giveBack: (delayMs) => {
        this.#link.send(() => this.#consumer?.giveBack(sequence, delayMs));
        letGo();
      },
      keep: () => this.#link.send(() => this.#consumer?.keep(sequence)),
    };
  }

  /** Asked again until it is answered: an ack speaks of the message, so a second one does no harm. */
  async #ack(sequence: number): Promise<void> {
    for (;;) {
      const outcome = await this.#link.ask<"acked" | Error>(
        () => {
          this.#consumer?.ack(sequence);
          return "acked";
        },
        (cause) => cause,
      );
      if (outcome === "acked") return;
      if (outcome instanceof ConnectionClosedError) throw outcome;
    }
  }
}

const DEFAULT_LEASE_MS = 10_000;
const DEFAULT_MAX_HELD = 256;
