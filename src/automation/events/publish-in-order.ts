import type { MessageBus } from "../../ports/message-bus.ts";
import type { ToldEvent } from "./fold-events.ts";

/**
 * Publishes events, many at once, those of one run one after the other: whatever is lost on the way, what stands in the stream
 * of a run has no gap. Gives the highest sequence that one of them has there, 0 for none.
 * @throws the first failure, when nothing is on its way any more. What was published stands there all the same.
 */
export async function publishInOrder(
  bus: Pick<MessageBus, "publish">,
  events: readonly ToldEvent[],
  mayGoOn: () => boolean,
): Promise<number> {
  const pipeline = new Pipeline(bus, mayGoOn);
  for (const event of events) {
    if (pipeline.isFull) await pipeline.until(AT_ONCE - 1);
    pipeline.send(event);
  }
  await pipeline.until(0);
  return pipeline.highest();
}

/** Another worker publishes now. */
export class NoLongerOursError extends Error {}

const AT_ONCE = 256;

class Pipeline {
  readonly #bus: Pick<MessageBus, "publish">;
  readonly #mayGoOn: () => boolean;
  /** The end of the last event that was sent of each run. */
  readonly #last = new Map<string, Promise<void>>();
  #underWay = 0;
  #highest = 0;
  #failure: { readonly error: unknown } | undefined;
  #onRoom: () => void = () => undefined;

  constructor(bus: Pick<MessageBus, "publish">, mayGoOn: () => boolean) {
    this.#bus = bus;
    this.#mayGoOn = mayGoOn;
  }

  get isFull(): boolean {
    return this.#underWay >= AT_ONCE;
  }

  /** Resolves when no more than so many are on their way. */
  async until(limit: number): Promise<void> {
    for (; this.#underWay > limit; ) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    }
  }

  /** Nothing is sent any more after a failure. */
  send(event: ToldEvent): void {
    this.#underWay++;
    const before = this.#last.get(event.run);
    const sent =
      before === undefined ? this.#publish(event) : before.then(() => this.#publish(event));
    this.#last.set(event.run, sent);
  }

  highest(): number {
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#highest;
  }

  async #publish({ message }: ToldEvent): Promise<void> {
    try {
      if (this.#failure !== undefined) return;
      if (!this.#mayGoOn()) throw new NoLongerOursError();
      const { sequence } = await this.#bus.publish(message);
      this.#highest = Math.max(this.#highest, sequence);
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#underWay--;
      this.#onRoom();
    }
  }
}
