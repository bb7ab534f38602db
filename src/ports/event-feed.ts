import type { Layers } from "../engine/partition.ts";
import type { Stored } from "./run-log.ts";

/**
 * Everything that is stored in a namespace, in the order of each partition: what projections are folded from (I10). Promises,
 * which one contract suite checks on every adapter:
 *
 * - `read` gives every message after `after` once and in the order of its sequences, whatever is lost on the way: a connection,
 *   a server, a consumer. Messages that are gone from the log (purged, rolled up, fired) are passed over.
 * - What is stored later comes without being asked for. It ends by its signal or at `upTo` only, or by an error
 *   when the connection is closed.
 * - It ends with `FeedBrokenError` when the partition is another one than before, or lost messages that were given already.
 * - What is not read is not fetched, but for a bounded number of bytes.
 */
export interface EventFeed {
  /** How many partitions there are: 0, 1, … */
  readonly partitions: number;
  /** How they are numbered, and so which of them a run can be in. */
  readonly layers: Layers;
  /** What is in a partition's stream now, from the leader. */
  extent(partition: number): Promise<FeedExtent>;
  /** The messages of a partition after a sequence (0: from the start), in batches as they come. */
  read(
    partition: number,
    after: number,
    options: FeedOptions,
  ): AsyncIterable<readonly FedMessage[]>;
}

export interface FeedOptions {
  /** Ends the read: the iteration is then over, without an error. */
  readonly signal: AbortSignal;
  /** Most messages in a batch. Default 1,000. A batch is given at once when nothing more is there. */
  readonly maxBatch?: number;
  /** Ends the read when everything up to this sequence was given, and gives nothing after it. Default: it goes on for ever. */
  readonly upTo?: number;
  /** Which kinds of messages are wanted. Default: all of them. */
  readonly kinds?: readonly FedKind[];
}

/** Submission, inbox, history, dead letter. Orders for wake-ups (`tm`) never come. */
export type FedKind = (typeof FED_KINDS)[number];

const FED_KINDS = ["new", "in", "h", "dead"] as const;

/** The kind of message that a token of its subject says; nothing for orders, and for what is none of Millrace's. */
export function fedKind(token: string): FedKind | undefined {
  return FED_KINDS.find((known) => known === token);
}

export interface FedMessage extends Stored {
  readonly kind: FedKind;
  /** When the broker stored it, in milliseconds since 1970, the broker's clock. */
  readonly storedAt: number;
}

export interface FeedExtent {
  /** Tells this stream from one of the same name that is made anew: when it was created, as the broker says it. */
  readonly incarnation: string;
  /** Sequence of the first message that is still there, and of the last one that was ever stored. */
  readonly first: number;
  readonly last: number;
  readonly messages: number;
  readonly bytes: number;
}

export const DEFAULT_FEED_BATCH = 1_000;
