// @ts-check

/** What is to be closed at the end, the last first. */
export class Ending {
  /** @type {(() => Promise<unknown> | void)[]} */ #closers = [];

  /** @param {() => Promise<unknown> | void} close */
  defer(close) {
    this.#closers.unshift(close);
  }

  async end() {
    for (const close of this.#closers) await close();
  }
}
