import { poll } from "../../../src/embedded/poll.ts";

/**
 * Asks until `check` gives something other than nothing or false: tests wait for facts.
 * @throws Error that names the fact, when it is not seen before a generous deadline
 */
export async function until<T>(
  fact: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 60_000,
): Promise<T> {
  const seen = await poll(
    async () => {
      const answer = await check();
      return answer === undefined || answer === false ? undefined : { answer };
    },
    { timeoutMs, intervalMs: 10 },
  );
  if (seen === undefined) throw new Error(`Not seen within ${timeoutMs} ms: ${fact}`);
  return seen.answer;
}
