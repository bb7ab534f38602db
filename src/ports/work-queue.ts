import type { RunRef } from "../engine/run-id.ts";
import type { Stored } from "./run-log.ts";

/**
 * Hands out a queue's messages, each to one worker at a time. Promises:
 *
 * - A message that is neither acked nor kept (see leases) for one lease is handed out again, to anybody, marked redelivered.
 * - An acked message does not come again, except after the broker lost its memory of the ack: then it comes as stale or
 *   redelivered, never as fresh.
 * - No more messages come than were asked for.
 */
export interface WorkQueues {
  /** Makes the queues' consumers if they are missing, checks them if not, and starts to read. */
  open(options: ReadOptions): Promise<QueueReader>;
  /** What stands in each queue that somebody has ever read, in no order. */
  report(): Promise<readonly QueueBacklog[]>;
  /** How far each consumer of every queue is, in no order. */
  progress(): Promise<readonly QueueProgress[]>;
  /** Where a submission stands in its queue. Nothing when nobody has ever read that queue. */
  placeOf(submission: Stored): Promise<PlaceInLine | undefined>;
}

/** What stands in a queue, in all partitions, with its places for priorities. */
export interface QueueBacklog {
  readonly queue: string;
  /** Submissions that nobody was handed yet. */
  readonly waiting: number;
  /** When the first of those was stored, in milliseconds since 1970, by the broker's clock. Nothing when none waits. */
  readonly oldestAt: number | undefined;
  /** Inputs of the queue's runs that nobody was handed yet. */
  readonly inputs: number;
  /** Messages that workers have and did not ack: one for each run that they hold, and what is on its way. */
  readonly handedOut: number;
  readonly leaseMs: number;
}

/** How far a queue's messages of one kind are handed out in one partition. */
export interface QueueProgress {
  readonly partition: number;
  readonly kind: DeliveryKind;
  /** The queue, or the place beside it where runs of a priority wait. */
  readonly place: string;
  /** Messages that nobody was handed yet. */
  readonly waiting: number;
  /** Requests for more that workers have open now. */
  readonly openPulls: number;
  /** What stands after this sequence was never handed out. */
  readonly handedOutUpTo: number;
}

/** Where a submission stands. */
export type PlaceInLine =
  /** Somebody was handed it: it is acked, or a worker has it, or its lease ran out. */
  | { readonly handedOut: true }
  /** `before`: submissions of its queue and partition that were stored before it and wait too, whatever their priority. */
  | { readonly handedOut: false; readonly before: number };

export interface ReadOptions {
  readonly queues: readonly string[];
  /** Lease for queues that are made now, in milliseconds; also demanded of existing ones when given. */
  readonly leaseMs?: number;
  /** Those of the queues that are taken with whatever lease they have, and are made with the default one. Default: none. */
  readonly anyLease?: readonly string[];
  /** How many more messages of this kind the worker can take now. Asked anew before each request. */
  readonly room: (kind: DeliveryKind) => number;
  /** At most so many of them for this queue. Default: any number. */
  readonly roomOf?: (kind: DeliveryKind, queue: string) => number;
  /** True when it is this place's turn although better priorities of its queue have something. Default: never. */
  readonly isDue?: (place: string) => boolean;
  readonly onDelivery: (delivery: Delivery) => void;
  /** A message that no run can be made out of. The reader has set it aside and acked it. */
  readonly onForeign: (subject: string, reason: string) => void;
  /** A queue cannot be read now, and is tried again: told of the first time, and then now and then. */
  readonly onTrouble?: (error: unknown) => void;
}

export interface QueueReader {
  /** The queues' shortest lease: how long a dead worker keeps a message, and how often a living one must renew it. */
  readonly leaseMs: number;
  /** Room may have grown: ask for more. */
  more(): void;
  /**
   * Reads new messages of one more place, which belongs to a queue that is read already: with that one's lease, and before
   * it or after it by its rank. Does nothing if it is read.
   */
  addSibling(place: string, queue: string): Promise<void>;
  /** Stops asking. What was handed out stays with the worker. */
  stop(): Promise<void>;
}

/** `new` for submissions, `in` for inboxes. */
export type DeliveryKind = "new" | "in";

/** One message, handed to this worker until it is acked, given back, or its lease runs out. */
export interface Delivery {
  readonly kind: DeliveryKind;
  readonly run: RunRef;
  /** The queue it waited in. */
  readonly queue: string;
  readonly subject: string;
  readonly partition: number;
  readonly sequence: number;
  /** It was handed out before, to this or another worker. */
  readonly redelivered: boolean;
  /**
   * Nobody can have had it before: not redelivered, stored while the memory of acks was whole, its lease not yet over. And it
   * was stored within the last second.
   */
  readonly fresh: boolean;
  /** The broker has forgotten that this worker has it, and hands it out anew: somebody else may have it by now. */
  isForgotten(): boolean;
  readonly data: Uint8Array;
  /** What a lease keeper needs to keep it. */
  readonly leaseId: string;
  /** Done with, for everybody. */
  ack(): void;
  /** Give it back, to be handed out again at once. */
  giveBack(): void;
}
