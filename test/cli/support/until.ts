import { poll } from "../../../src/embedded/poll.ts";

/** Asks until `check` gives something, with a generous deadline: tests wait for facts. */
export async function until<T>(
  fact: string,
  check: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const seen = await poll(async () => check(), { timeoutMs: 60_000, intervalMs: 20 });
  if (seen === undefined) throw new Error(`Not seen within 60 s: ${fact}`);
  return seen;
}
