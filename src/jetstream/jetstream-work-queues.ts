import type { NatsConnection } from "@nats-io/nats-core";
import type { RunLog, Stored } from "../ports/run-log.ts";
import type {
  Delivery,
  DeliveryKind,
  PlaceInLine,
  QueueBacklog,
  QueueProgress,
  QueueReader,
  ReadOptions,
  WorkQueues,
} from "../ports/work-queue.ts";
import { encodeDeadLetter } from "../wire/dead-letter-codec.ts";
import type { Subjects } from "../wire/subjects.ts";
import { openConsumer } from "./consumers.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { PullLoop } from "./pull-loop.ts";
import { readBacklogs, readPlace } from "./queue-backlogs.ts";
import { readProgress } from "./queue-progress.ts";
import type { RunPlaces } from "./run-places.ts";

/** Work queues on JetStream: per partition and queue two durable pull consumers, `new` and `in`. */
export class JetStreamWorkQueues implements WorkQueues {
  readonly #parts: WorkQueueParts;

  constructor(parts: WorkQueueParts) {
    this.#parts = parts;
  }

  async open(options: ReadOptions): Promise<QueueReader> {
    const loops: PullLoop[] = [];
    let leaseMs = Number.POSITIVE_INFINITY;
    let scheduled = false;
    let isStopped = false;
    const more = (): void => {
      if (scheduled) return;
      // Whatever ends in this turn of the loop frees room together: one request, not one each.
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        for (const kind of KINDS) share(loops, kind, options);
      });
    };
    const open = async (place: Place, placeLeaseMs: number | undefined): Promise<number> => {
      const { connection, subjects, onTrouble: onOther } = this.#parts;
      const { onTrouble = onOther } = options;
      const consumer = await openConsumer(connection, subjects, {
        ...place,
        leaseMs: placeLeaseMs,
      });
      const onDelivery = (delivery: Delivery): void =>
        this.#deliver(delivery, options, consumer.leaseMs);
      const onForeign = (message: Stored, ack: () => void): void => {
        options.onForeign(message.subject, NO_RUN);
        void this.#setAside(message, NO_RUN, ack);
      };
      const parts = { ...place, connection, subjects, onDelivery, onForeign, onTrouble };
      loops.push(new PullLoop({ ...parts, onRoom: more }, consumer));
      return consumer.leaseMs;
    };
    for (const place of this.#places(options.queues, KINDS)) {
      const isAny = options.anyLease?.includes(place.queue) ?? false;
      leaseMs = Math.min(leaseMs, await open(place, isAny ? undefined : options.leaseMs));
    }
    const stopRenewing = this.#parts.onReconnect(() => {
      for (const loop of loops) void loop.renew();
    });
    // Requests that the broker lost are noticed and made again.
    const sweep = setInterval(more, 1_000).unref();
    more();
    return {
      leaseMs,
      more,
      addSibling: async (sibling, queue) => {
        if (isStopped || loops.some((loop) => loop.queue === sibling)) return;
        const like = loops.find((loop) => loop.queue === queue);
        for (const place of this.#places([sibling], ["new"])) await open(place, like?.leaseMs);
        if (isStopped) for (const loop of loops) loop.stop();
        more();
      },
      stop: async () => {
        isStopped = true;
        clearInterval(sweep);
        stopRenewing();
        for (const loop of loops) loop.stop();
        await Promise.all(loops.map((loop) => loop.drained()));
      },
    };
  }

  progress(): Promise<readonly QueueProgress[]> {
    return readProgress(this.#parts.connection, this.#parts.subjects);
  }

  report(): Promise<readonly QueueBacklog[]> {
    return readBacklogs(this.#parts.connection, this.#parts.subjects);
  }

  placeOf(submission: Stored): Promise<PlaceInLine | undefined> {
    return readPlace(this.#parts.connection, this.#parts.subjects, submission);
  }

  *#places(queues: readonly string[], kinds: readonly DeliveryKind[]): Generator<Place> {
    for (let partition = 0; partition < this.#parts.subjects.partitions; partition++) {
      for (const queue of queues) for (const kind of kinds) yield { partition, kind, queue };
    }
  }

  /**
   * A submission says where its run is. An input in an older layer may be for a run that was submitted later, in a newer one:
   * such a message must never become its token.
   */
  #deliver(delivery: Delivery, options: ReadOptions, leaseMs: number): void {
    const { run, kind, partition } = delivery;
    const { subjects, places } = this.#parts;
    if (kind === "new" || partition === subjects.partition(run)) {
      places.learn(run, partition);
      options.onDelivery(delivery);
      return;
    }
    void this.#deliverThere(delivery, options, leaseMs);
  }

  async #deliverThere(delivery: Delivery, options: ReadOptions, leaseMs: number): Promise<void> {
    const { places, onTrouble } = this.#parts;
    const since = monotonicMs();
    try {
      if ((await places.of(delivery.run)) === delivery.partition) {
        // Nobody keeps it meanwhile: when that took long its lease may be over.
        const isSoon = monotonicMs() - since < leaseMs * SOON_SHARE;
        options.onDelivery({ ...delivery, fresh: delivery.fresh && isSoon });
      } else {
        options.onForeign(delivery.subject, OTHER_LAYER);
        await this.#setAside(delivery, OTHER_LAYER, () => delivery.ack());
      }
    } catch (error) {
      onTrouble(error); // It comes again when its lease is over.
    }
  }

  /** Ack after the letter is durable: a crash between the two writes it again, under the same subject (I11). */
  async #setAside(message: Stored, reason: string, ack: () => void): Promise<void> {
    const { subject, sequence } = message;
    const letter = encodeDeadLetter({ subject, sequence, reason, at: Date.now() });
    try {
      await this.#parts.log.setAside(message, letter);
      ack();
    } catch (error) {
      this.#parts.onTrouble(error); // It comes again when its lease is over.
    }
  }
}

export interface WorkQueueParts {
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  readonly log: RunLog;
  readonly places: RunPlaces;
  readonly onReconnect: (call: () => void) => () => void;
  readonly onTrouble: (error: unknown) => void;
}

interface Place {
  readonly partition: number;
  readonly kind: DeliveryKind;
  readonly queue: string;
}

const KINDS: readonly DeliveryKind[] = ["new", "in"];
const OTHER_LAYER = "it was sent before its run was submitted, to another partition";
const NO_RUN = "its subject names no run";
/** Of the lease: what is fresh has more than twice as much of it left. */
const SOON_SHARE = 0.15;

/**
 * Spreads the room over the queues: one message for each that was idle, an equal share for each that was not. What a busy
 * queue has asked for and may never get does not keep another from its share, so somewhat more may come than there is room
 * for: it waits here, kept.
 */
function share(
  loops: readonly PullLoop[],
  kind: DeliveryKind,
  { room: roomFor, roomOf = () => Number.POSITIVE_INFINITY, isDue = () => false }: ReadOptions,
): void {
  const room = roomFor(kind);
  if (room <= 0) return;
  const mine = loops.filter((loop) => loop.kind === kind);
  for (const loop of mine) loop.forgetLost();
  const hot = mine.filter((loop) => loop.hot);
  for (const loop of mine) {
    const ofQueue = roomOf(kind, loop.queue) - outstanding(mine, loop.queue);
    if (ofQueue <= 0) continue;
    if (mine.some((other) => goesBefore(other, loop)) && !isDue(loop.queue)) continue;
    if (!loop.hot) {
      if (loop.outstanding === 0) loop.ask(1);
      continue;
    }
    const fair = Math.max(1, Math.floor(room / hot.length)) - loop.outstanding;
    const wanted = Math.min(fair, ofQueue);
    // A small top-up is not worth a request while there is an open one.
    if (wanted > 0 && (loop.outstanding === 0 || wanted >= loop.outstanding)) loop.ask(wanted);
  }
}

/** True when the other brings runs of the same queue that go before this one's. */
function goesBefore(other: PullLoop, loop: PullLoop): boolean {
  if (!other.hot || other.isDry || other.place.rank >= loop.place.rank) return false;
  return other.place.queue === loop.place.queue;
}

/** What was asked for of a queue, in all partitions. */
function outstanding(loops: readonly PullLoop[], queue: string): number {
  return loops.reduce((sum, loop) => (loop.queue === queue ? sum + loop.outstanding : sum), 0);
}
