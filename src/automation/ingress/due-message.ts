import type { BusDelivery } from "../../ports/message-bus.ts";

/** A schedule's fire time that the broker has stored, as the consumer of its flow hands it out. */
export interface DueMessage {
  readonly flow: string;
  readonly schedule: string;
  readonly delivery: BusDelivery;
}

/**
 * Takes a due message over: it acks it, or gives it back, and keeps it as long as it needs. Messages are handed over at once,
 * however many there are, and wait for nobody. If it throws, the message is given back.
 */
export type OnDue = (due: DueMessage) => Promise<void>;
