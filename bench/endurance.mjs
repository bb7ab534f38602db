/** Whether anything grows in a worker that goes on and on. */
import { BenchPlace } from "./bench-place.mjs";
import { timed } from "./clock.mjs";
import { runAll } from "./run-all.mjs";

/** A million runs through one worker: its memory, without garbage, after each tenth of them. */
export function million({ share }) {
  return BenchPlace.with({}, async (place) => {
    const tenth = Math.round(100_000 * share);
    const weights = [];
    const rates = [];
    for (let part = 0; part < 10; part++) {
      rates.push(tenth / (await timed(() => runAll(place.millrace, tenth, "noop"))));
      weights.push(await place.worker.memory());
    }
    return {
      millionRss1: weights[0].rss / MEGABYTE,
      millionRss10: weights[9].rss / MEGABYTE,
      millionHeap1: weights[0].heapUsed / MEGABYTE,
      millionHeap10: weights[9].heapUsed / MEGABYTE,
      millionRate: rates[9] / rates[0],
    };
  });
}

const MEGABYTE = 1_000_000;
