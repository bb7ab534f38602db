/** What waits: for a time, or for a signal, in memory or suspended. */
import { BenchPlace } from "./bench-place.mjs";
import { pool, quantile, timed } from "./clock.mjs";
import { exactNow, go } from "./flows.mjs";
import { untilHeld, untilSuspended } from "./until.mjs";

/** Runs that sleep for 5 s: by how much their histories say that they woke late. */
export async function lateness({ millrace, share }) {
  const runs = await submitAll(millrace, Math.round(2_000 * share), "sleeper", "5s");
  await Promise.all(runs.map((run) => run.result()));
  const late = [];
  await forEach(runs, async (run) => {
    let fireAt = 0;
    for await (const event of run.events()) {
      if (event.type === "TimerSet") fireAt = event.fireAt;
      else if (event.type === "TimerFired") late.push(event.at - fireAt);
    }
  });
  return { lateP50: quantile(late, 0.5), lateP99: quantile(late, 0.99) };
}

/** Suspended runs, signalled as fast as one client can: from the first signal to the last result. */
export function wakeUps({ share }) {
  return BenchPlace.with(SUSPENDS_SOON, async (place) => {
    const count = Math.round(2_000 * share);
    const runs = await submitAll(place.millrace, count, "awaitsGo");
    await untilSuspended(place, "awaitsGo");
    const seconds = await timed(async () => {
      const results = runs.map((run) => run.result());
      await forEach(runs, (run) => run.signal(go));
      await Promise.all(results);
    });
    return { wakeUps: count / seconds };
  });
}

/** One signal after the other: from the call to the next step of the flow that waits for it. */
export async function signals(bench) {
  const count = Math.round(200 * bench.share);
  const held = await signalsOf(bench, count, () => untilHeld(bench, count));
  const suspended = await BenchPlace.with(SUSPENDS_SOON, (place) =>
    signalsOf(place, count, () => untilSuspended(place, "awaitsGo")),
  );
  return {
    signalHeldP50: quantile(held, 0.5),
    signalHeldP99: quantile(held, 0.99),
    signalP50: quantile(suspended, 0.5),
    signalP99: quantile(suspended, 0.99),
  };
}

async function signalsOf({ millrace }, count, untilTheyWait) {
  const runs = await submitAll(millrace, count, "awaitsGo");
  await untilTheyWait();
  const times = [];
  for (const run of runs) {
    const sentAt = exactNow();
    await run.signal(go);
    times.push((await run.result()) - sentAt);
  }
  return times;
}

/** Long enough for what is not to wait, short enough not to be waited for. */
const SUSPENDS_SOON = { suspendAfter: 20 };

async function submitAll(millrace, count, flow, input) {
  const runs = [];
  await pool(count, 256, async () => void runs.push(await millrace.submit(flow, input)));
  return runs;
}

/** 256 at once. */
async function forEach(runs, work) {
  let at = 0;
  await pool(runs.length, 256, () => work(runs[at++]));
}
