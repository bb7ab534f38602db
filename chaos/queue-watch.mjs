// @ts-check
import { setTimeout as delay } from "node:timers/promises";
import { within } from "./patience.mjs";

/** How often the queues are looked at. */
const EVERY_MS = 500;
/** The servers of a cluster wait 4 s for one another. */
const ANSWER_MS = 5_000;

/** Looks at the queues again and again while there is chaos: what was acked too early is gone from them only for a while. */
export class QueueWatch {
  /** @type {import("./evidence.mjs").QueueSample[]} */ samples = [];
  #place;
  #stop = new AbortController();
  #looking;

  /** @param {Pick<import("./field.mjs").Field, "connection" | "namespace">} place */
  constructor(place) {
    this.#place = place;
    this.#looking = this.#look();
  }

  async stop() {
    this.#stop.abort();
    await within("the last look at the queues", 2 * ANSWER_MS, this.#looking);
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
    const { connection, namespace } = this.#place;
    const from = Date.now();
    const call = `$JS.API.CONSUMER.LIST.MR_${namespace}_0`;
    const answer = await connection.request(call, "{}", { timeout: ANSWER_MS });
    /** @type {{ readonly consumers?: readonly ConsumerInfo[] }} */
    const { consumers = [] } = answer.json();
    this.samples.push({ from, to: Date.now(), consumers: consumers.map(sampleOf) });
  }
}

/** @typedef {{ readonly name: string, readonly num_ack_pending: number, readonly delivered: { readonly stream_seq: number } }} ConsumerInfo */

/** @param {ConsumerInfo} info @returns {import("./evidence.mjs").ConsumerSample} */
function sampleOf({ name, num_ack_pending, delivered }) {
  return { name, handedOut: num_ack_pending, handedOutUpTo: delivered.stream_seq };
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
