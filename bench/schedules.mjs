/** What is due by the clock: many schedules in one minute. */
import { BenchPlace } from "./bench-place.mjs";
import { pool, quantile } from "./clock.mjs";

/**
 * 10,000 schedules whose due times are spread over the seconds of one minute: from each due time until its run has started in
 * the worker. Each must have one run: what is missing or was fired twice is counted.
 */
export function schedules({ share }) {
  return BenchPlace.with({}, async ({ millrace }) => {
    const count = Math.round(10_000 * share);
    const leadMs = Math.max(20_000, count * 8);
    const from = Math.ceil((Date.now() + leadMs) / 1_000) * 1_000;
    const dueAt = (at) => from + (at % 60) * 1_000;
    const putting = performance.now();
    let put = 0;
    await pool(count, 64, async () => {
      const at = put++;
      const every = "365d";
      await millrace.schedules.put({ name: `s${at}`, flow: "noop", every, from: dueAt(at) });
    });
    const putSeconds = (performance.now() - putting) / 1_000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, from + 60_000 - Date.now())));
    const keys = new Set(Array.from({ length: count }, (_, at) => keyOf(at, dueAt(at))));
    const late = [];
    let read = 0;
    await pool(count, 64, async () => {
      const at = read++;
      const run = await existing(millrace, `noop:${keyOf(at, dueAt(at))}`);
      for await (const event of run.events()) {
        if (event.type !== "Activated") continue;
        late.push(event.at - dueAt(at));
        break;
      }
    });
    let runs = 0;
    let others = 0;
    for await (const { id } of millrace.list({ flow: "noop" })) {
      if (keys.has(id.slice("noop:".length))) runs++;
      else others++;
    }
    return {
      schedulesPut: count / putSeconds,
      scheduleP50: quantile(late, 0.5),
      scheduleP99: quantile(late, 0.99),
      scheduleMax: Math.max(...late),
      scheduleTwice: others + Math.max(0, runs - count),
      scheduleMissed: count - runs,
    };
  });
}

function keyOf(at, dueAt) {
  return `s${at}-${new Date(dueAt).toISOString().replaceAll(/[-:]|\.000/g, "")}`;
}

/** A handle on a run that may not have been submitted yet. */
async function existing(millrace, id) {
  const run = millrace.attach(id);
  for (let tries = 0; tries < 300; tries++) {
    try {
      await run.result({ timeout: "60s" });
      return run;
    } catch (error) {
      if (error.code !== "RUN_NOT_FOUND") throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  throw new Error(`${id} was never submitted.`);
}
