import type { Stored } from "../ports/run-log.ts";
import type { SubjectPlace } from "./direct-get.ts";
import type { StreamReader } from "./stream-reader.ts";

/**
 * The last `limit` messages of a subject up to a sequence, in order. The broker reads forwards only: so stretches are read
 * from the end, each four times as long as the one after it, until there are enough.
 */
export async function readNewest(
  reader: StreamReader,
  place: SubjectPlace,
  end: number,
  limit: number,
): Promise<readonly Stored[]> {
  let newest: readonly Stored[] = [];
  for (let upTo = end, length = limit; upTo > 0 && newest.length < limit; length *= 4) {
    const from = Math.max(1, upTo - length + 1);
    const found: Stored[] = [];
    await reader.range(place, from, upTo, (message) => {
      found.push(message);
      // What is kept stays bounded, however much a long stretch holds.
      if (found.length >= 2 * limit) found.splice(0, found.length - limit);
    });
    newest = [...found, ...newest].slice(-limit);
    upTo = from - 1;
  }
  return newest;
}
