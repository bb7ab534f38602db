import type { Clock } from "../../ports/clock.ts";
import type { FedMessage } from "../../ports/event-feed.ts";

/** Takes batches of a feed, with a limit on the time for which it waits for one. */
export class FeedReader {
  readonly #batches: AsyncIterator<readonly FedMessage[]>;
  readonly #clock: Clock;
  #arrived: readonly FedMessage[] | undefined;
  #isAsked = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(batches: AsyncIterable<readonly FedMessage[]>, clock: Clock) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.#clock = clock;
  }

  /** The feed gives nothing more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The next batch, or nothing when none comes in this time or it was woken. @throws what the feed throws. */
  async next(waitMs: number): Promise<readonly FedMessage[] | undefined> {
    this.#ask();
    if (this.#arrived === undefined && !this.#isOver) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(waitMs, resolve, "upkeep");
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    const batch = this.#arrived;
    if (batch !== undefined) {
      this.#arrived = undefined;
      this.#isAsked = false;
    }
    return batch;
  }

  /** Ends a wait at once. */
  wake(): void {
    this.#wake();
  }

  #ask(): void {
    if (this.#isAsked || this.#isOver) return;
    this.#isAsked = true;
    this.#batches.next().then(
      ({ done, value }) => {
        if (done === true) this.#isOver = true;
        else this.#arrived = value;
        this.#wake();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#isOver = true;
        this.#wake();
      },
    );
  }
}
