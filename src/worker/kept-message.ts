import { queueOfPlace } from "../engine/priority.ts";
import type { Lease, LeaseKeeper } from "../ports/leases.ts";
import type { Delivery } from "../ports/work-queue.ts";

/** A message that this worker keeps: its lease is renewed until it is acked, given back or dropped, once. */
export class KeptMessage {
  readonly delivery: Delivery;
  readonly #lease: Lease;
  #done = false;
  #aged = false;

  /** Which new runs of its queue go first: 1 before 2. */
  readonly rank: number;

  constructor(delivery: Delivery, leases: LeaseKeeper) {
    const { queue, rank } = queueOfPlace(delivery.queue);
    // Priorities have places of their own to wait in; for all else the run is in its queue.
    this.delivery = queue === delivery.queue ? delivery : { ...delivery, queue };
    this.rank = rank;
    this.#lease = leases.keep(delivery);
  }

  /**
   * True when it has waited before it was looked at, or its queue's consumer was made anew meanwhile: somebody else may have
   * had the message, and be done with it.
   */
  get aged(): boolean {
    return this.#aged || this.delivery.isForgotten();
  }

  /** It has to wait before it is looked at. */
  age(): void {
    this.#aged = true;
  }

  /** It is now the token of an activation of this epoch. */
  hold(epoch: number): void {
    this.#lease.hold(epoch);
  }

  /** Nothing depends on it any more. Only call it when what makes it unnecessary is durable (I4). */
  ack(): void {
    if (this.#end()) this.delivery.ack();
  }

  /** To be handed out again at once. */
  giveBack(): void {
    if (this.#end()) this.delivery.giveBack();
  }

  /** Neither: a late ack would ack it for whoever has it now. */
  drop(): void {
    this.#end();
  }

  #end(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#lease.letGo();
    return true;
  }
}
