import type { BlobStore } from "./blob-store.ts";
import type { ControlStore } from "./control-store.ts";
import type { EventFeed } from "./event-feed.ts";
import type { Peers } from "./leases.ts";
import type { MessageBus } from "./message-bus.ts";
import type { Questions } from "./questions.ts";
import type { RunLog } from "./run-log.ts";
import type { WorkQueues } from "./work-queue.ts";

/** Everything that client and worker need of a broker, for one namespace. */
export interface Broker {
  readonly log: RunLog;
  readonly queues: WorkQueues;
  readonly peers: Peers;
  readonly hints: Hints;
  /** The store that comes with the broker. */
  readonly blobs: BlobStore;
  readonly control: ControlStore;
  readonly feed: EventFeed;
  readonly questions: Questions;
  /** What comes in, and what is told of. */
  readonly bus: MessageBus;
  /** Aborts when the connection is closed, by us or for good. */
  readonly closed: AbortSignal;
  /** Aborts when the process is killed that the connection stands for. Only one that is played by another process hears of it. */
  readonly killed?: AbortSignal;
  /** Sends what is still on its way, then closes. */
  close(): Promise<void>;
}

/** Small messages that are only ever hints: they may be lost, and nothing depends on them (I6). */
export interface Hints {
  /** A place to which hints can be sent, and what to do with one. Forgotten after one hint or by `forget`. */
  expect(onHint: (data: Uint8Array) => void): { readonly replyTo: string; forget(): void };
  send(replyTo: string, data: Uint8Array): void;
  /** Calls back after the connection was lost and is there again: hints in between are gone. */
  onReconnect(call: () => void): () => void;
}
