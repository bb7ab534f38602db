import type { Broker } from "../../../src/ports/broker.ts";
import { type Clock, systemClock } from "../../../src/ports/clock.ts";
import type { LeaseKeeper } from "../../../src/ports/leases.ts";
import type { RunLog, WriteOutcome } from "../../../src/ports/run-log.ts";

/** What becomes of one append of a worker on a real broker. */
export type AppendFate = "stored" | "ack lost" | "not stored" | "crash before" | "crash after";

/**
 * A real connection whose process can die within this one: after a crash no call comes back, nothing leaves, no timer runs,
 * and its lease thread is ended.
 */
export class FragileBroker {
  readonly broker: Broker;
  readonly clock: Clock;
  crashed = false;
  readonly #inner: Broker;
  readonly #fateOf: () => AppendFate;
  readonly #onCrash: () => void;
  readonly #keepers: LeaseKeeper[] = [];

  constructor(inner: Broker, fateOf: () => AppendFate, onCrash: () => void) {
    this.#inner = inner;
    this.#fateOf = fateOf;
    this.#onCrash = onCrash;
    this.clock = {
      now: () => systemClock.now(),
      after: (delayMs, call) => systemClock.after(delayMs, () => void (this.crashed || call())),
    };
    this.broker = {
      log: this.#log(inner.log),
      queues: {
        open: (options) =>
          inner.queues.open({
            ...options,
            room: (kind) => (this.crashed ? 0 : options.room(kind)),
            onDelivery: (delivery) => {
              if (this.crashed) return;
              options.onDelivery({
                ...delivery,
                ack: () => void (this.crashed || delivery.ack()),
                giveBack: () => void (this.crashed || delivery.giveBack()),
              });
            },
          }),
        report: () => inner.queues.report(),
        progress: () => inner.queues.progress(),
        placeOf: (submission) => inner.queues.placeOf(submission),
      },
      peers: {
        asks: (worker, held) => this.#alive(inner.peers.asks(worker, held)),
        openLeases: async (...options) => {
          const keeper = await inner.peers.openLeases(...options);
          this.#keepers.push(keeper);
          return keeper;
        },
      },
      hints: {
        expect: (onHint) => inner.hints.expect(onHint),
        send: (replyTo, data) => void (this.crashed || inner.hints.send(replyTo, data)),
        onReconnect: (call) => inner.hints.onReconnect(call),
      },
      feed: inner.feed,
      questions: inner.questions,
      bus: inner.bus,
      blobs: inner.blobs,
      control: {
        read: (...args) => this.#alive(inner.control.read(...args)),
        list: (...args) => this.#alive(inner.control.list(...args)),
        write: (...args) => this.#sent(() => inner.control.write(...args)),
        watch: (key, onRecord) =>
          inner.control.watch(key, (record) => void (this.crashed || onRecord(record))),
      },
      closed: inner.closed,
      close: () => inner.close(),
    };
  }

  /** Ends the real connection and its threads: call it when the test is over. */
  async end(): Promise<void> {
    this.crashed = true;
    await Promise.all(this.#keepers.map((keeper) => keeper.close()));
    await this.#inner.close();
  }

  #crash(): void {
    if (this.crashed) return;
    this.crashed = true;
    for (const keeper of this.#keepers) void keeper.close();
    this.#onCrash();
  }

  async #append(append: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const fate = this.#fateOf();
    if (fate === "crash before") this.#crash();
    if (this.crashed) return never();
    const cause = new Error(`The test's fault: ${fate}`);
    if (fate === "not stored") return { status: "unknown", cause };
    const outcome = await append();
    if (fate === "crash after") this.#crash();
    if (this.crashed) return never();
    return fate === "ack lost" ? { status: "unknown", cause } : outcome;
  }

  #log(log: RunLog): RunLog {
    return {
      namespace: log.namespace,
      maxMessageBytes: log.maxMessageBytes,
      submit: (...args) => this.#sent(() => log.submit(...args)),
      append: (...args) => this.#append(() => log.append(...args)),
      put: (...args) => this.#sent(() => log.put(...args)),
      wakeAt: (...args) => this.#sent(() => log.wakeAt(...args)),
      rollUp: (...args) => this.#append(() => log.rollUp(...args)),
      clearInbox: (...args) => this.#sent(() => log.clearInbox(...args)),
      setAside: (...args) => this.#sent(() => log.setAside(...args)),
      head: (...args) => this.#alive(log.head(...args)),
      history: (...args) => this.#alive(log.history(...args)),
      tellHistory: (...args) => this.#alive(log.tellHistory(...args)),
      inbox: (...args) => this.#alive(log.inbox(...args)),
      submission: (...args) => this.#alive(log.submission(...args)),
      heads: (...args) => log.heads(...args),
      deadLetters: (...args) => this.#alive(log.deadLetters(...args)),
      deadLetter: (...args) => this.#alive(log.deadLetter(...args)),
      message: (...args) => this.#alive(log.message(...args)),
      follow: (...args) => this.#alive(log.follow(...args)),
    };
  }

  #sent<T>(send: () => Promise<T>): Promise<T> {
    return this.crashed ? never() : this.#alive(send());
  }

  /** An answer that a dead process does not see. */
  async #alive<T>(answer: Promise<T>): Promise<T> {
    const value = await answer;
    return this.crashed ? never() : value;
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
