import type { RunRef } from "./run-id.ts";

/** The partition of a run: FNV-1a (32 bits) over `<flow>.<key token>`, modulo the number of partitions. */
export function partitionOf(run: RunRef, partitions: number): number {
  if (partitions === 1) return 0;
  const text = `${run.flow}.${run.token}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}

/**
 * How many partitions each layer of a namespace has, in the order in which the layers were added. Partitions are numbered on
 * from layer to layer: of `[1, 4]` the first layer is 0, the second 1 to 4.
 */
export type Layers = readonly number[];

/** All partitions of a namespace. */
export function partitionCount(layers: Layers): number {
  return layers.reduce((sum, partitions) => sum + partitions, 0);
}

/** Where a run can be, in each layer, the newest first: it is in that one unless an older layer has it. */
export function placesOf(run: RunRef, layers: Layers): readonly number[] {
  let first = 0;
  const places = layers.map((partitions) => {
    const place = first + partitionOf(run, partitions);
    first += partitions;
    return place;
  });
  return places.toReversed();
}
