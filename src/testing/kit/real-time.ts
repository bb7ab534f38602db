/**
 * The process's own timers as they were when this was loaded: neither fake timers of a test runner nor the guard that watches
 * flows reaches the kit by them.
 */
const { setImmediate: soon, setTimeout: later, clearTimeout: notLater, performance } = globalThis;
const nextTick = process.nextTick.bind(process);

/** Milliseconds of the machine, from any start. */
export const realNow = (): number => performance.now();

/** Lets microtasks, ticks and immediates run that are pending, and those that they ask for in turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise<void>((resolve) => {
      soon(resolve);
    });
  }
}

/** Lets all promises run on that can. */
export function drainPromises(): Promise<void> {
  return new Promise((resolve) => {
    nextTick(resolve);
  });
}

/** Immediates that ask for immediates: no part of Millrace goes deeper. */
const TURNS = 4;

/** Waits so long by the machine's clock, or until `sooner` is settled. */
export async function realPause(ms: number, sooner: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = later(resolve, ms);
  });
  await Promise.race([over, sooner]);
  notLater(timer);
}
