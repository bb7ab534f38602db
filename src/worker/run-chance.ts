import { chanceOf } from "../engine/chance.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunId } from "../engine/run-id.ts";

/**
 * What a flow gets for chance: numbers that are made of its run's id, so that every replay gets the same ones. In the history
 * of a fork they are made of the id of the run that was copied, up to the event that says so.
 */
export class RunChance {
  /** Whose the parts of the history are that are not over: the run's own is the last. */
  readonly #owners: string[];

  constructor(run: RunId, history: readonly RunEvent[]) {
    const origins = history.flatMap((event) => (event.type === "Forked" ? [event.origin] : []));
    this.#owners = [...origins, run];
  }

  /** The flow has been shown all that was copied. */
  forked(): void {
    this.#owners.shift();
  }

  /** Numbers in [0, 1) for one place of the flow. */
  at(place: string): () => number {
    let owner: string | undefined;
    let next: () => number;
    return () => {
      if (owner !== this.#owners[0]) {
        [owner] = this.#owners;
        next = chanceOf(`${owner}/${place}`);
      }
      return next();
    };
  }
}
