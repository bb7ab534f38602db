import { BenchPlace } from "./bench-place.mjs";
import { pool, timed } from "./clock.mjs";
import { residentBytesOf } from "./process-cost.mjs";
import { runAll } from "./run-all.mjs";
import { storedBytes, untilHeld, untilSuspended } from "./until.mjs";

/**
 * What a run that sleeps for a month costs: 10,000 that are held in memory, 10,000 and 100,000 that are suspended. Each has
 * a broker and a worker of its own, which has done something else before it is weighed.
 */
export async function memory({ share }) {
  const held = await BenchPlace.with({ suspendAfter: "1h", maxHeld: 20_000 }, async (place) => {
    const count = Math.round(10_000 * share);
    const before = await weighUsed(place);
    await submitSleepers(place, count);
    await untilHeld(place, count);
    return { ...growth(before, await weigh(place), count), before };
  });
  const grown = await BenchPlace.with({ suspendAfter: 20 }, async (place) => {
    await suspendSleepers(place, WARM_UP_RUNS);
    await place.untilQuiet();
    const before = await weighUsed(place);
    await suspendSleepers(place, Math.round(10_000 * share));
    await place.untilQuiet();
    const after = await weigh(place);
    return { worker: after.rss - before.rss, server: after.server - before.server };
  });
  const suspended = await BenchPlace.with({ suspendAfter: 20 }, async (place) => {
    const count = Math.round(100_000 * share);
    const before = await weighUsed(place);
    const seconds = await timed(() => suspendSleepers(place, count));
    return { ...growth(before, await weigh(place), count), perSecond: count / seconds };
  });
  return {
    workerIdle: held.before.rss / MEGABYTE,
    workerHeld: held.rss / MEGABYTE,
    heapPerHeld: held.heapPerRun / KILOBYTE,
    serverGrown: grown.server / MEBIBYTE,
    workerGrown: grown.worker / MEBIBYTE,
    suspensions: suspended.perSecond,
    workerSuspended: suspended.rss / MEGABYTE,
    heapPerSuspended: suspended.heapPerRun,
    storedPerSuspended: suspended.storedPerRun,
    serverSuspended: suspended.server / MEGABYTE,
    serverPerSuspended: suspended.serverPerRun,
  };
}

async function submitSleepers({ millrace }, count) {
  await pool(count, 256, () => millrace.submit("sleeper", "30d"));
}

async function suspendSleepers(place, count) {
  await submitSleepers(place, count);
  await untilSuspended(place, "sleeper");
}

/** A worker that has run nothing yet would seem to grow by what it compiles. */
async function weighUsed(place) {
  await runAll(place.millrace, WARM_UP_RUNS, "noop");
  return weigh(place);
}

async function weigh(place) {
  const [{ heapUsed, rss }, server, stored] = await Promise.all([
    place.worker.memory(),
    residentBytesOf(place.server.pid),
    storedBytes(place),
  ]);
  return { heapUsed, rss, server, stored };
}

function growth(before, after, count) {
  const perRun = (part) => (after[part] - before[part]) / count;
  return {
    rss: after.rss,
    server: after.server,
    heapPerRun: perRun("heapUsed"),
    serverPerRun: perRun("server"),
    storedPerRun: perRun("stored"),
  };
}

const WARM_UP_RUNS = 500;
const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;
const MEBIBYTE = 1_048_576;
