/**
 * How workers notice that one of them was killed, sooner than its leases run out (docs/design.md, "Take over fast"). A worker
 * that holds runs for longer than half a second looks for two peers to watch it. They ask it again and again what it holds; as
 * soon as nobody listens there, the first of them tells its worker, which wakes the runs. Who holds nothing is asked nothing.
 *
 * Only ever an acceleration: what is told here may be late, wrong or lost, and the heads of the runs decide.
 */
import { HeldList, type HeldToken } from "../engine/peer-watch/held-list.ts";
import { WatchedPeer } from "../engine/peer-watch/watched-peer.ts";
import { chooseWatchers, type Volunteer, Watchers } from "../engine/peer-watch/watchers.ts";
import type { Clock } from "../ports/clock.ts";
import type { MissingPeer } from "../ports/leases.ts";
import type { WatchAnswer, WatchQuestion } from "../wire/watch-codec.ts";

export class PeerWatch {
  readonly #parts: PeerWatchParts;
  readonly #list = new HeldList();
  readonly #watchers = new Watchers();
  /** Since when it holds nothing. */
  #emptySince: number;
  #nextSeekAt = 0;
  #isSeeking = false;
  readonly #watched = new Map<string, Watch>();
  /** Peers whose runs this worker has seen to, with the time. */
  readonly #taken = new Map<string, number>();
  #cancelTurn: () => void = () => undefined;
  #isOver = false;

  constructor(parts: PeerWatchParts) {
    this.#parts = parts;
    this.#emptySince = parts.clock.now();
    this.#turnLater();
  }

  /** Answers a peer's question. */
  answer(question: WatchQuestion): WatchAnswer {
    switch (question.ask) {
      case "held":
        return this.#tell(question.by, question.knows);
      case "watch":
        return { answer: this.#begin(question.worker) ? "yes" : "no" };
      case "takes":
        return { answer: this.#sees(question.worker) ? "yes" : "no" };
      case "leaves":
        this.#watched.delete(question.worker);
        return { answer: "yes" };
    }
  }

  /** What to answer to a peer that looks for somebody to watch it. */
  volunteer(seeker: string): Volunteer | undefined {
    const { worker, isBlocked } = this.#parts;
    const isFull = this.#watched.size >= MAX_WATCHED;
    if (this.#isOver || isFull || isBlocked() || seeker === worker) return undefined;
    if (this.#watched.has(seeker)) return undefined;
    return { worker, watches: this.#watched.size };
  }

  /** The connection was lost, or the cluster changed. */
  distrust(): void {
    const now = this.#parts.clock.now();
    for (const { peer } of this.#watched.values()) peer.distrust(now);
  }

  /** It leaves, and tells whoever watches it; but if it still holds something, others are to find it missing. */
  async leave(): Promise<void> {
    this.#isOver = true;
    this.#cancelTurn();
    const { link, worker, clock, held } = this.#parts;
    this.#list.note(held(clock.now()));
    if (this.#list.size > 0) return;
    const names = this.#watchers.names;
    await Promise.all(names.map((name) => link.ask(name, { ask: "leaves", worker })));
  }

  #turnLater(): void {
    this.#cancelTurn = this.#parts.clock.after(TURN_MS, () => this.#turn(), "upkeep");
  }

  #turn(): void {
    this.#turnLater();
    const now = this.#parts.clock.now();
    this.#note(now);
    for (const watch of this.#watched.values()) {
      const pauseMs = watch.peer.place.isFirst ? 0 : SECOND_ASKS_MS;
      if (now >= watch.askedAt + pauseMs) void this.#ask(watch);
    }
    for (const [worker, at] of this.#taken) {
      if (now - at > REMEMBER_MS) this.#taken.delete(worker);
    }
  }

  #note(now: number): void {
    this.#list.note(this.#parts.held(now - HELD_FOR_MS));
    if (this.#list.size > 0) {
      this.#emptySince = now;
      this.#watchers.prune(now);
      if (this.#watchers.lacking > 0 && now >= this.#nextSeekAt) void this.#seek();
    } else if (now - this.#emptySince > ENOUGH_MS) this.#watchers.clear();
    this.#list.forget(this.#watchers.known);
  }

  async #seek(): Promise<void> {
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    const { link, worker, clock } = this.#parts;
    try {
      const volunteers = await link.seek(worker);
      const names = this.#watchers.names;
      const others = volunteers.filter((one) => !names.includes(one.worker));
      for (const name of chooseWatchers(worker, others, this.#watchers.lacking)) {
        this.#watchers.add(name, clock.now());
        void link.ask(name, { ask: "watch", worker });
      }
    } finally {
      this.#isSeeking = false;
      // A fleet of two has no second one to be found.
      const again = this.#watchers.names.length === 0 ? SEEK_AGAIN_MS : SEEK_SECOND_MS;
      this.#nextSeekAt = clock.now() + again;
    }
  }

  #tell(by: string, knows: number): WatchAnswer {
    if (this.#isOver || !this.#watchers.heard(by, knows, this.#parts.clock.now())) {
      return { answer: "no" };
    }
    const [first = by] = this.#watchers.names;
    return { answer: "held", first, ...this.#list.since(knows, MOST_CHANGES) };
  }

  #begin(worker: string): boolean {
    if (this.#isOver || worker === this.#parts.worker) return false;
    if (this.#watched.size >= MAX_WATCHED) return false;
    const now = this.#parts.clock.now();
    const peer = new WatchedPeer(worker, now);
    const watch = { peer, askedAt: now, open: 0, isConfirming: false };
    this.#watched.set(worker, watch);
    void this.#ask(watch);
    return true;
  }

  /** True when the runs of a worker that is gone are in good hands here. */
  #sees(worker: string): boolean {
    if (this.#isOver || this.#parts.isBlocked()) return false;
    return this.#taken.has(worker) || this.#watched.get(worker)?.peer.place.isFirst === true;
  }

  async #ask(watch: Watch): Promise<void> {
    // A question that was under way when the other one died gets no answer: the next one does not wait for it.
    if (watch.open >= MOST_OPEN) return;
    watch.open++;
    const { link, clock, worker } = this.#parts;
    const { peer } = watch;
    const askedAt = clock.now();
    watch.askedAt = askedAt;
    const question = { ask: "held", by: worker, knows: peer.knows } as const;
    const answer = await link.ask(peer.worker, question);
    watch.open--;
    if (this.#isOver || this.#watched.get(peer.worker) !== watch) return;
    const now = clock.now();
    if (answer === "nobody") return this.#missed(watch, now);
    if (answer === "silence") return peer.silent(askedAt);
    if (answer.answer !== "held") return void this.#watched.delete(peer.worker);
    peer.answered(answer, { isFirst: answer.first === worker, first: answer.first }, now);
    if (answer.more) void this.#ask(watch);
  }

  #missed(watch: Watch, now: number): void {
    const { peer } = watch;
    const { confirmMs } = this.#parts.link;
    const verdict = peer.missing(now, confirmMs);
    if (verdict === "ask again") {
      // Every turn asks too: one question more after each that found nobody, or they would become more and more.
      if (watch.isConfirming) return;
      watch.isConfirming = true;
      this.#parts.clock.after(confirmMs, () => {
        watch.isConfirming = false;
        void this.#ask(watch);
      });
      return;
    }
    this.#watched.delete(peer.worker);
    if (verdict === "gone") void this.#take(peer, now);
  }

  /** The second watcher leaves it to the first one, if that one is there. */
  async #take(peer: WatchedPeer, now: number): Promise<void> {
    const { worker, held, place } = peer;
    this.#taken.set(worker, now);
    if (!place.isFirst && place.first !== this.#parts.worker) {
      const answer = await this.#parts.link.ask(place.first, { ask: "takes", worker });
      if (typeof answer !== "string" && answer.answer === "yes") return;
    }
    if (held.length > 0) this.#parts.onMissing({ worker, held });
  }
}

/** How peers reach each other. */
export interface PeerLink {
  /** Who lost its connection has it again in less than this, as a rule. */
  readonly confirmMs: number;
  /** `nobody` when nobody listens there; `silence` when no answer came, which says nothing. */
  ask(worker: string, question: WatchQuestion): Promise<WatchAnswer | "nobody" | "silence">;
  /** Asks everybody, and gives those that answered soon. */
  seek(worker: string): Promise<readonly Volunteer[]>;
}

export interface PeerWatchParts {
  readonly worker: string;
  readonly link: PeerLink;
  readonly clock: Clock;
  /** The tokens of activations that it has kept since then or before. */
  readonly held: (since: number) => Iterable<HeldToken>;
  /** True while the worker's event loop does not turn: it can wake nobody's runs now. */
  readonly isBlocked: () => boolean;
  readonly onMissing: (peer: MissingPeer) => void;
}

interface Watch {
  readonly peer: WatchedPeer;
  askedAt: number;
  /** Questions without an answer. */
  open: number;
  /** It is asked once more soon, because nobody listened there. */
  isConfirming: boolean;
}

/** How often the first watcher asks. */
const TURN_MS = 200;
const SECOND_ASKS_MS = 1_000;
/** What is held for less is not told: most runs are over by then. */
const HELD_FOR_MS = 500;
/** Watchers stay for so long when there is nothing to watch. */
const ENOUGH_MS = 10_000;
const SEEK_AGAIN_MS = 1_000;
const SEEK_SECOND_MS = 5_000;
/** Changes in one answer: with the longest numbers a tenth of what a message may have. */
const MOST_CHANGES = 4_000;
const MAX_WATCHED = 256;
const MOST_OPEN = 4;
const REMEMBER_MS = 60_000;
