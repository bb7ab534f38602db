import { afterAll } from "vitest";

const cleanups: (() => Promise<unknown>)[] = [];

// Here and not where it is needed: a hook that a hook or a test registers does not run.
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

/** Does this when all tests of the file are over, the last one first. */
export function atEnd(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}
