import type { HeldToken } from "../../../src/engine/peer-watch/held-list.ts";
import type { Volunteer } from "../../../src/engine/peer-watch/watchers.ts";
import { PeerWatch } from "../../../src/jetstream/peer-watch.ts";
import type { MissingPeer } from "../../../src/ports/leases.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  type WatchAnswer,
  type WatchQuestion,
} from "../../../src/wire/watch-codec.ts";

/** Workers' watches that reach each other through memory, on a clock that a test moves. */
export class WatchField {
  readonly clock = new ManualClock();
  readonly #workers = new Map<string, PlayedWorker>();
  /** Who was reported missing, by whom. */
  readonly reported: { readonly by: string; readonly peer: MissingPeer }[] = [];
  /** Questions that were asked, of any kind. */
  asked = 0;
  sought = 0;

  start(name: string): PlayedWorker {
    const { clock } = this;
    const worker: PlayedWorker = {
      name,
      state: "lives",
      isBlocked: false,
      held: [],
      watch: new PeerWatch({
        worker: name,
        clock: {
          now: () => clock.now(),
          // A stopped process's timers come late, a dead one's never.
          after: (ms, call) => clock.after(ms, () => void this.#whenAwake(worker, call)),
        },
        link: {
          confirmMs: 150,
          ask: (other, question) => this.#ask(worker, other, question),
          seek: (seeker) => this.#seek(worker, seeker),
        },
        held: (keptBefore) => worker.held.filter(({ since }) => since <= keptBefore),
        isBlocked: () => worker.isBlocked,
        onMissing: (peer) => this.reported.push({ by: name, peer }),
      }),
    };
    this.#workers.set(name, worker);
    return worker;
  }

  /** Holds so many runs from now on. */
  hold(worker: PlayedWorker, count: number): void {
    const since = this.clock.now();
    const from = worker.held.length + 1;
    worker.held = [
      ...worker.held,
      ...Array.from({ length: count }, (_, at) => ({ partition: 0, sequence: from + at, since })),
    ];
  }

  /** All connections are lost and made again, this worker's first; the others follow after so long. */
  async reconnect(first: PlayedWorker, othersAfterMs: number): Promise<void> {
    const others = [...this.#workers.values()].filter(({ state }) => state === "lives");
    for (const one of others) one.state = "away";
    first.state = "lives";
    first.watch.distrust();
    await this.clock.advance(othersAfterMs);
    for (const one of others) one.state = "lives";
    for (const one of others) one.watch.distrust();
  }

  async #whenAwake(worker: PlayedWorker, call: () => void): Promise<void> {
    if (worker.state === "dead") return;
    if (worker.state === "stopped") {
      this.clock.after(50, () => void this.#whenAwake(worker, call));
    } else call();
  }

  async #ask(
    from: PlayedWorker,
    name: string,
    question: WatchQuestion,
  ): Promise<WatchAnswer | "nobody" | "silence"> {
    this.asked++;
    await this.#pause(1);
    const to = this.#workers.get(name);
    if (from.state === "away") return this.#silence();
    if (to === undefined || to.state === "dead" || to.state === "away") return "nobody";
    if (to.state === "stopped") return this.#silence();
    const heard = decodeQuestion(encodeQuestion(question));
    if (heard === undefined) throw new Error("A question that cannot be understood");
    const answer = decodeAnswer(encodeAnswer(to.watch.answer(heard)));
    await this.#pause(1);
    // It died before its answer had left it.
    return answer === undefined || hasDied(to) ? this.#silence() : answer;
  }

  async #seek(from: PlayedWorker, seeker: string): Promise<readonly Volunteer[]> {
    this.sought++;
    await this.#pause(100);
    if (from.state !== "lives") return [];
    return [...this.#workers.values()].flatMap(({ state, watch }) => {
      const volunteer = state === "lives" ? watch.volunteer(seeker) : undefined;
      return volunteer === undefined ? [] : [volunteer];
    });
  }

  async #silence(): Promise<"silence"> {
    await this.#pause(1_000);
    return "silence";
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(ms, resolve);
    });
  }
}

/** It may have died while somebody waited. */
function hasDied({ state }: PlayedWorker): boolean {
  return state === "dead";
}

export interface PlayedWorker {
  readonly name: string;
  /** `away`: it lives, and its connection is lost. */
  state: "lives" | "stopped" | "away" | "dead";
  isBlocked: boolean;
  held: readonly (HeldToken & { readonly since: number })[];
  readonly watch: PeerWatch;
}
