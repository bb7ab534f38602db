// @ts-check
import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks again for a while: a cluster that has just begun has no leader yet.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
export async function patiently(ask) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(200);
    }
  }
}

/**
 * What does not come in time is an error that names it.
 * @template T
 * @param {string} what @param {number} ms @param {Promise<T>} asked
 * @returns {Promise<T>}
 */
export async function within(what, ms, asked) {
  const waiting = new AbortController();
  const late = delay(ms, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`Did not come within ${ms / 1_000} s: ${what}`);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    late.catch(() => undefined);
    waiting.abort();
  }
}

/** @param {string} fact @param {() => boolean} isSo */
export async function until(fact, isSo) {
  const deadline = Date.now() + 120_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`Not seen within two minutes: ${fact}`);
    await delay(20);
  }
}
