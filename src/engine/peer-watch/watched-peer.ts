import { type HeldChanges, type HeldToken, keyOf } from "./held-list.ts";

/**
 * A worker as one of its watchers sees it. It is gone when twice in a row nobody listened where its thread answers, for longer
 * than it takes to connect anew. Silence says nothing: its machine may be busy, or its process stopped; then its lease decides.
 */
export class WatchedPeer {
  readonly worker: string;
  readonly #held = new Map<string, HeldToken>();
  #knows = 0;
  /** It has answered since this worker's own connection was last made. */
  #isTrusted = false;
  /** Since when nobody listens. */
  #missingSince: number | undefined;
  #place: WatchPlace = { isFirst: false, first: "" };
  #changedAt: number;

  constructor(worker: string, now: number) {
    this.worker = worker;
    this.#changedAt = now;
  }

  /** The number up to which this watcher knows what it holds. */
  get knows(): number {
    return this.#knows;
  }

  get place(): WatchPlace {
    return this.#place;
  }

  /** What it holds, as far as is known. */
  get held(): readonly HeldToken[] {
    return [...this.#held.values()];
  }

  answered({ held, gone, upTo }: HeldChanges, place: WatchPlace, now: number): void {
    // Answers may overtake each other.
    if (upTo < this.#knows) return;
    // What was let go and is held again is in both.
    for (const token of gone) this.#held.delete(keyOf(token));
    for (const token of held) this.#held.set(keyOf(token), token);
    this.#knows = upTo;
    this.#place = place;
    this.#isTrusted = true;
    this.#missingSince = undefined;
    this.#changedAt = now;
  }

  /** A question got no answer, which says nothing; but somebody listened when it was asked. */
  silent(askedAt: number): void {
    if (askedAt > (this.#missingSince ?? askedAt)) this.#missingSince = undefined;
  }

  /** Nobody listens there. Tells what to make of it; who lost its connection alone is there again in less than `confirmMs`. */
  missing(now: number, confirmMs: number): "ask again" | "gone" | "forget" {
    // Who has not answered since the broker was away may still be on its way back to it.
    if (!this.#isTrusted) return now - this.#changedAt < FORGET_MS ? "ask again" : "forget";
    this.#missingSince ??= now;
    return now - this.#missingSince < confirmMs ? "ask again" : "gone";
  }

  /** This worker's own connection was lost, or the cluster changed: others may be on their way back too. */
  distrust(now: number): void {
    this.#isTrusted = false;
    this.#missingSince = undefined;
    this.#changedAt = now;
  }
}

/** Which of the watchers one is. */
export interface WatchPlace {
  readonly isFirst: boolean;
  /** Who the first one is. */
  readonly first: string;
}

/** A peer that does not come back is no longer watched: its lease has run out by then. */
const FORGET_MS = 15_000;
