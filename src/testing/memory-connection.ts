import { ConnectionClosedError } from "../engine/usage-errors.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { MemoryBlobStore } from "./memory-blob-store.ts";
import { MemoryBus } from "./memory-bus.ts";
import { MemoryControlStore } from "./memory-control-store.ts";
import { MemoryEventFeed } from "./memory-event-feed.ts";
import { MemoryHints } from "./memory-hints.ts";
import { MemoryLink } from "./memory-link.ts";
import { MemoryPeers } from "./memory-peers.ts";
import type { MemoryProcess } from "./memory-process.ts";
import { MemoryQuestions } from "./memory-questions.ts";
import { MemoryRunLog } from "./memory-run-log.ts";
import type { MemoryStore } from "./memory-store.ts";
import { MemoryWorkQueues } from "./memory-work-queues.ts";

/**
 * One process's connection to a {@link MemoryBroker}. It stands for the process: `crash` and `pause` do to it what
 * `kill -9` and `kill -STOP` do, if the process's timers run on its `clock` (`serve([…], { connection, clock })`).
 */
export class MemoryConnection implements Broker, MemoryProcess {
  readonly log: MemoryRunLog;
  readonly queues: MemoryWorkQueues;
  readonly peers: MemoryPeers;
  readonly hints: MemoryHints;
  readonly blobs: MemoryBlobStore;
  readonly control: MemoryControlStore;
  readonly feed: MemoryEventFeed;
  readonly questions: MemoryQuestions;
  readonly bus: MemoryBus;
  readonly closed: AbortSignal;
  readonly killed: AbortSignal;
  readonly #link: MemoryLink;
  readonly #ended = new AbortController();
  readonly #killed = new AbortController();

  constructor(broker: MemoryStore) {
    const link = new MemoryLink({ clock: broker.clock, latencyMs: broker.latencyMs });
    this.#link = link;
    this.closed = this.#ended.signal;
    this.killed = this.#killed.signal;
    this.log = new MemoryRunLog(broker, this, link);
    this.queues = new MemoryWorkQueues({ broker, link, log: this.log });
    this.peers = new MemoryPeers(broker, link);
    this.hints = new MemoryHints(broker, link);
    this.blobs = broker.blobs;
    this.control = new MemoryControlStore(broker, this, link);
    this.feed = new MemoryEventFeed(broker, link);
    this.questions = new MemoryQuestions(broker, link, this.closed);
    this.bus = new MemoryBus(broker, this, link);
  }

  get clock(): Clock {
    return this.#link.clock;
  }

  get state(): "running" | "paused" | "crashed" | "closed" {
    return this.#link.state;
  }

  crash(): void {
    this.#link.crash();
    this.queues.leave();
    this.bus.leave();
    this.#killed.abort();
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
    this.bus.goOn();
  }

  reconnect(): void {
    this.#link.breakUp();
    this.queues.renew();
    this.bus.renew();
    this.hints.reconnected();
    this.control.reconnected();
    this.feed.lookAgain();
  }

  async close(): Promise<void> {
    await this.#link.close();
    this.queues.leave();
    this.bus.leave();
    this.feed.lookAgain();
    this.#ended.abort(new ConnectionClosedError("a call to the broker"));
  }
}
