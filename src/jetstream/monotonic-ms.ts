/**
 * Milliseconds of a clock that nobody sets, for leases, requests and answers: only the difference of two readings means
 * something. All threads of a process read the same one.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
