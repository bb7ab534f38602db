import type { Broker } from "../../../src/ports/broker.ts";
import type { Delivery, DeliveryKind, QueueReader } from "../../../src/ports/work-queue.ts";

/** A worker's side of a queue that notes what it is given, and takes as much as it is allowed. */
export class Inbox {
  readonly deliveries: Delivery[] = [];
  readonly foreign: string[] = [];
  /** How many more messages it takes. */
  room: number;
  readonly #onDelivery: (delivery: Delivery) => void;
  #reader: QueueReader | undefined;

  constructor(room: number, onDelivery: (delivery: Delivery) => void) {
    this.room = room;
    this.#onDelivery = onDelivery;
  }

  get reader(): QueueReader {
    if (this.#reader === undefined) throw new Error("The queue is not open");
    return this.#reader;
  }

  static async open(broker: Broker, options: InboxOptions = {}): Promise<Inbox> {
    const { queue = "q", leaseMs, room = 100, onDelivery = () => undefined } = options;
    const inbox = new Inbox(room, onDelivery);
    inbox.#reader = await broker.queues.open({
      queues: [queue],
      ...(leaseMs === undefined ? {} : { leaseMs }),
      room: (kind) => inbox.#roomFor(kind, options.kind),
      onDelivery: (delivery) => inbox.#take(delivery),
      onForeign: (subject) => inbox.foreign.push(subject),
    });
    inbox.reader.more();
    return inbox;
  }

  /** Each delivery's key, in the order of arrival. */
  get keys(): readonly string[] {
    return this.deliveries.map(({ run }) => run.key);
  }

  times(key: string): number {
    return this.keys.filter((other) => other === key).length;
  }

  allow(room: number): void {
    this.room = room;
    this.reader.more();
  }

  #roomFor(kind: DeliveryKind, only: DeliveryKind | undefined): number {
    return only === undefined || only === kind ? this.room : 0;
  }

  #take(delivery: Delivery): void {
    this.room--;
    this.deliveries.push(delivery);
    this.#onDelivery(delivery);
    this.#reader?.more();
  }
}

export interface InboxOptions {
  readonly queue?: string;
  readonly leaseMs?: number;
  readonly room?: number;
  /** Takes messages of this kind only. */
  readonly kind?: DeliveryKind;
  readonly onDelivery?: (delivery: Delivery) => void;
}
