/** How far a view is behind its partition, from what was seen of both. All times are this process's clock. */
export class PartitionLag {
  /** Last sequence that is in the view. */
  #written = 0;
  /** Last sequence in the partition, and when it was first seen. */
  #tip = { sequence: 0, at: 0 };
  readonly #folded: { readonly at: number; readonly messages: number }[] = [];

  get written(): number {
    return this.#written;
  }

  /** The view holds the partition up to there. */
  begin(sequence: number): void {
    this.#written = sequence;
  }

  folded(sequence: number, messages: number, at: number): void {
    this.#written = sequence;
    this.#folded.push({ at, messages });
    this.#forget(at);
  }

  seen(tip: number, at: number): void {
    if (tip !== this.#tip.sequence) this.#tip = { sequence: tip, at };
  }

  /**
   * `waiting`: what was read and is not in the view. What stays unread although nothing comes any more is nothing that is fed,
   * such as orders for wake-ups.
   */
  now({ now, waiting, oldestStoredAt, lastReadAt }: LagSight): Lag {
    this.#forget(now);
    const isQuiet = now - lastReadAt >= QUIET_MS && now - this.#tip.at >= QUIET_MS;
    const unread = isQuiet ? 0 : Math.max(0, this.#tip.sequence - this.#written - waiting);
    const events = waiting + unread;
    const since = oldestStoredAt ?? this.#tip.at;
    const messages = this.#folded.reduce((sum, one) => sum + one.messages, 0);
    return {
      events,
      seconds: events === 0 ? 0 : Math.max(0, now - since) / 1_000,
      perSecond: Math.round((messages * 1_000) / RATE_MS),
    };
  }

  #forget(now: number): void {
    while ((this.#folded[0]?.at ?? now) < now - RATE_MS) this.#folded.shift();
  }
}

export interface LagSight {
  readonly now: number;
  readonly waiting: number;
  /** By the broker's clock. */
  readonly oldestStoredAt: number | undefined;
  readonly lastReadAt: number;
}

export interface Lag {
  readonly events: number;
  readonly seconds: number;
  readonly perSecond: number;
}

const QUIET_MS = 1_000;
const RATE_MS = 5_000;
