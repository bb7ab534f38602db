const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id that sorts by time: 10 characters of milliseconds, 16 of chance. `chance` gives numbers in [0, 1). */
export function sortableId(nowMs: number, chance: () => number): string {
  let time = "";
  for (let left = Math.floor(nowMs), at = 0; at < 10; at++) {
    time = ALPHABET.charAt(left % 32) + time;
    left = Math.floor(left / 32);
  }
  let rest = "";
  for (let at = 0; at < 16; at++) rest += ALPHABET.charAt(Math.floor(chance() * 32));
  return time + rest;
}
