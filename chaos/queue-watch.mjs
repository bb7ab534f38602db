// @ts-check
import { setTimeout as delay } from "node:timers/promises";

/** How often the queues are looked at. */
const EVERY_MS = 500;

/** Looks at the queues again and again while there is chaos: what was acked too early is gone from them only for a while. */
export class QueueWatch {
  /** @type {import("./evidence.mjs").QueueSample[]} */ samples = [];
  #millrace;
  #stop = new AbortController();
  #looking;

  /** @param {import("../dist/index.js").Millrace} millrace */
  constructor(millrace) {
    this.#millrace = millrace;
    this.#looking = this.#look();
  }

  async stop() {
    this.#stop.abort();
    await this.#looking;
  }

  async #look() {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // A server that is away is looked at when it is there again.
      await this.#sample().catch(() => undefined);
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #sample() {
    const from = Date.now();
    const unacked = await unackedOf(this.#millrace);
    this.samples.push({ from, to: Date.now(), unacked });
  }
}

/**
 * The messages of each queue that nobody has acked.
 * @param {import("../dist/index.js").Millrace} millrace
 * @returns {Promise<import("./evidence.mjs").Unacked[]>}
 */
export async function unackedOf({ broker }) {
  const backlogs = await broker.queues.report();
  return backlogs.map(({ queue, waiting, inputs, handedOut }) => ({
    queue,
    waiting: waiting + inputs,
    handedOut,
  }));
}
