/** Bytes in pieces that take about a millisecond of work each, with a turn of the event loop between two. */
export async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (at > 0) await turn();
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}

/** Lets everything else have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Bytes that can be worked on in one go without holding up others. */
export const PIECE_BYTES = 1_048_576;
