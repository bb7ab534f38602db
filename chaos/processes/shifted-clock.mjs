// @ts-check
/**
 * A clock that can be set wrong while the process runs, in all its threads at once, for a machine has one clock: loaded with
 * `--import`, before anything else, into the process and into each thread that it starts from a file. Timers and `performance.now()` go
 * on as they are, as they do when somebody sets a real clock.
 */
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

const NAME = "millrace-chaos-clock";

/** By how many milliseconds this process's clock is wrong: shared by its threads. */
const shift = new Float64Array(sharedMemory());

const RightDate = Date;
const now = () => RightDate.now() + (shift[0] ?? 0);

globalThis.Date = new Proxy(RightDate, {
  // Whatever else a date is made of has nothing to do with the time that it is.
  construct: (target, given, as) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, as),
  apply: (target) => new target(now()).toString(),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});

/** Sets the clock wrong by so many milliseconds from now on; 0 is right. @param {number} ms */
export function shiftClock(ms) {
  shift[0] = ms;
}

/** The memory of the process's clock. A thread is given what its parent has. @returns {SharedArrayBuffer} */
function sharedMemory() {
  if (isMainThread) setEnvironmentData(NAME, new SharedArrayBuffer(8));
  return /** @type {SharedArrayBuffer} */ (getEnvironmentData(NAME));
}
