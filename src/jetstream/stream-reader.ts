import type { NatsConnection } from "@nats-io/nats-core";
import type { Stored } from "../ports/run-log.ts";
import { DirectGet, type SubjectPlace } from "./direct-get.ts";
import type { LeaderReads } from "./leader-reads.ts";
import type { Mux } from "./mux.ts";

/**
 * Reads messages of literal subjects. What decides something is read from the stream's leader; long reads go by Direct
 * Get in batches up to a sequence that the leader named, and are checked to have reached it.
 */
export class StreamReader {
  readonly #leader: LeaderReads;
  readonly #direct: DirectGet;

  constructor(connection: NatsConnection, mux: Mux, leader: LeaderReads) {
    this.#leader = leader;
    this.#direct = new DirectGet(connection, mux);
  }

  /** The last message on a subject, from the leader. */
  last(stream: string, partition: number, subject: string): Promise<Stored | undefined> {
    return this.#get(stream, partition, { last_by_subj: subject });
  }

  /** The message with this sequence, from the leader. */
  at(stream: string, partition: number, sequence: number): Promise<Stored | undefined> {
    return this.#get(stream, partition, { seq: sequence });
  }

  /** Tells of all messages on a subject with `from <= sequence <= upTo` as they come, in order. `tell` must not throw. */
  async range(
    place: SubjectPlace,
    from: number,
    upTo: number,
    tell: (message: Stored) => void,
  ): Promise<void> {
    const { stream, partition, subject } = place;
    let next = from;
    while (next <= upTo) {
      const last = await this.#direct.batch(place, next, upTo, tell);
      if (last === undefined) break;
      next = last + 1;
    }
    // A follower may be behind: the leader has the rest.
    while (next <= upTo) {
      const message = await this.#get(stream, partition, { seq: next, next_by_subj: subject });
      if (message === undefined || message.sequence > upTo) break;
      tell(message);
      next = message.sequence + 1;
    }
  }

  async #get(stream: string, partition: number, query: object): Promise<Stored | undefined> {
    const raw = await this.#leader.get(stream, query);
    return raw === undefined
      ? undefined
      : {
          subject: raw.subject,
          partition,
          sequence: raw.seq,
          data: raw.data === undefined ? new Uint8Array() : Buffer.from(raw.data, "base64"),
        };
  }
}
