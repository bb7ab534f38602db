// @ts-check
import { within } from "./patience.mjs";

/** What is to be closed at the end, the last first. */
export class Ending {
  /** @type {{ readonly what: string, readonly close: () => Promise<unknown> | void }[]} */ #closers =
    [];
  #patienceMs;

  /** @param {number} [patienceMs] how long each may take */
  constructor(patienceMs = 60_000) {
    this.#patienceMs = patienceMs;
  }

  /** @param {string} what @param {() => Promise<unknown> | void} close */
  defer(what, close) {
    this.#closers.unshift({ what, close });
  }

  /** Closes everything, also when something cannot be closed: that is thrown when all the others are. */
  async end() {
    const errors = [];
    for (let next = this.#closers.shift(); next !== undefined; next = this.#closers.shift()) {
      const { what, close } = next;
      try {
        await within(`the end of ${what}`, this.#patienceMs, Promise.resolve(close()));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join("; "));
  }
}
