import type { Layers } from "../engine/partition.ts";
import type { DeadLetter } from "../wire/dead-letter-codec.ts";

/** What a look at the broker found: facts only, judged elsewhere. */
export interface BrokerReport {
  readonly server: {
    readonly url: string;
    readonly name: string;
    readonly version: string;
    /** Name of the cluster it belongs to, or empty. */
    readonly cluster: string;
    readonly jetStream: boolean;
    readonly maxPayloadBytes: number;
    readonly roundTripMs: number | undefined;
  };
  /** The account's use of JetStream; nothing without JetStream. */
  readonly account:
    | { readonly storage: Usage; readonly streams: Usage; readonly consumers: Usage }
    | undefined;
  /** Nothing when the broker would not tell its time. */
  readonly clock: ClockReport | undefined;
  /** Nothing when the namespace does not exist. */
  readonly namespace: NamespaceReport | undefined;
  /** Nothing when it was not asked for; a reason when it was refused. */
  readonly writes: WritesReport | { readonly refused: string } | undefined;
}

/** A limit of -1 is none. */
export interface Usage {
  readonly used: number;
  readonly limit: number;
}

export interface ClockReport {
  /** How far the broker's clock is before ours (negative: behind). */
  readonly skewMs: number;
  /** How far the true value may be from that. */
  readonly uncertaintyMs: number;
}

/** Acknowledged writes, one after the other. */
export interface WritesReport {
  readonly count: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

export interface NamespaceReport {
  readonly partitions: number;
  /** How many were made together, in the order in which they were added. */
  readonly layers: Layers;
  /** The last of them are being added, or somebody died while doing so: nobody can connect. */
  readonly isBeingAdded: boolean;
  /** Its first stream records what a namespace records. */
  readonly isMillrace: boolean;
  /** Its partitions. */
  readonly streams: readonly StreamReport[];
  /** What stands beside the log: control records, ingress, events, and what is captured if anything is. */
  readonly others: readonly StreamSettings[];
}

/** Any stream of a namespace. */
export interface StreamSettings {
  readonly name: string;
  readonly isMissing: boolean;
  readonly replicas: number;
  readonly messages: number;
  readonly bytes: number;
  /** Replicas that are offline or behind. */
  readonly lagging: readonly string[];
  /** Settings that are not as the protocol needs them. */
  readonly differences: readonly string[];
}

/** A partition's stream. */
export interface StreamReport extends StreamSettings {
  /** Messages that are gone from the log: purged, deleted or expired. */
  readonly lost: number;
  /** Messages that were set aside, and neither replayed nor dropped, of the first 10,000. */
  readonly deadLetters: number;
  /** The one of them that was set aside last, if it can be read. */
  readonly newestDeadLetter: DeadLetter | undefined;
  readonly queues: readonly QueueReport[];
}

/** One of the two consumers of a queue in a partition. */
export interface QueueReport {
  readonly queue: string;
  readonly kind: "new" | "in";
  readonly leaseMs: number;
  /** Messages that nobody was given yet. */
  readonly waiting: number;
  /** Messages that a worker has and did not ack yet. */
  readonly handedOut: number;
  /** Requests for more that workers have open now. */
  readonly openPulls: number;
  readonly wrong: readonly string[];
}
