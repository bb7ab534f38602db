/**
 * A repeatable source of numbers in [0, 1), the same for every replay of a run. It is seeded with the run's id
 * (xmur3 to mix, sfc32 to draw) and is not for secrets.
 */
export function chanceOf(seed: string): () => number {
  const next = mixer(seed);
  let a = next();
  let b = next();
  let c = next();
  let counter = next();
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
}

/** A version 4 UUID drawn from such a source. */
export function uuidFrom(chance: () => number): string {
  const hex = (digits: number): string =>
    Math.floor(chance() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const variant = (8 + Math.floor(chance() * 4)).toString(16);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(6)}${hex(6)}`;
}

function mixer(text: string): () => number {
  let hash = 1_779_033_703 ^ text.length;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 3_432_918_353);
    hash = (hash << 13) | (hash >>> 19);
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
    hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
    hash ^= hash >>> 16;
    return hash >>> 0;
  };
}
