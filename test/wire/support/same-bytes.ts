/** For `expect.addEqualityTesters`: bytes are equal by content. What was read is a Buffer, what was written may not be. */
export function sameBytes(one: unknown, other: unknown): boolean | undefined {
  if (!(one instanceof Uint8Array && other instanceof Uint8Array)) return undefined;
  return Buffer.compare(one, other) === 0;
}
