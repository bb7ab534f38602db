// @ts-check

/** What is to be closed at the end, the last first. */
export class Ending {
  /** @type {(() => Promise<unknown> | void)[]} */ #closers = [];

  /** @param {() => Promise<unknown> | void} close */
  defer(close) {
    this.#closers.unshift(close);
  }

  /** Closes everything, also when something cannot be closed: that is thrown when all the others are. */
  async end() {
    const errors = [];
    for (let close = this.#closers.shift(); close !== undefined; close = this.#closers.shift()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join("; "));
  }
}
