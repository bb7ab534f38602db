/** 100,000 take-overs: whether they leave anything behind in a worker. */
import { parseRunId } from "../dist/engine/run-id.js";
import { putWake } from "../dist/history/put-wake.js";
import { readHead } from "../dist/history/run-head.js";
import { systemClock } from "../dist/ports/clock.js";
import { BenchPlace } from "./bench-place.mjs";
import { pool, timed } from "./clock.mjs";
import { until } from "./until.mjs";

/** A worker holds 2,000 runs. Wakes that replace their tokens say that it has lost them: it drops them, and takes them up again. */
export function takeOverLeak({ share }) {
  const options = { suspendAfter: "1h", maxHeld: 20_000, level: "error" };
  return BenchPlace.with(options, (place) => measure(place, Math.round(2_000 * share)));
}

async function measure({ millrace, worker }, count) {
  const runs = [];
  await pool(count, 256, async () =>
    runs.push(parseRunId((await millrace.submit("takenOver")).id)),
  );
  const { log } = millrace.broker;
  const heads = new Map();
  const settled = () =>
    until(async () => {
      await each(runs, async (run) => heads.set(run, (await readHead(log, run)).frame));
      return runs.every((run) => heads.get(run)?.status === "running");
    });
  const takeAll = async () => {
    const before = new Map(heads);
    await each(runs, (run) =>
      putWake({ broker: millrace.broker, clock: systemClock }, run, QUEUE, {
        replaces: [before.get(run).token],
        resume: false,
        queue: QUEUE,
      }),
    );
    await until(async () => {
      const late = runs.filter((run) => heads.get(run).epoch === before.get(run).epoch);
      await each(late, async (run) => heads.set(run, (await readHead(log, run)).frame));
      return runs.every((run) => heads.get(run).epoch > before.get(run).epoch);
    });
  };
  await settled();
  const weigh = async () => (await worker.memory()).heapUsed;
  for (let round = 0; round < WARM_UP; round++) await takeAll();
  const before = await weigh();
  const seconds = await timed(async () => {
    for (let round = 0; round < ROUNDS; round++) await takeAll();
  });
  const after = await weigh();
  const takenOver = ROUNDS * count;
  const { held } = await worker.stats();
  return {
    takeOvers: takenOver / seconds,
    takeOverHeap: (after - before) / takenOver,
    takeOverHeld: held - count,
  };
}

/** 256 at once. */
async function each(runs, work) {
  let at = 0;
  await pool(runs.length, 256, () => work(runs[at++]));
}

const QUEUE = "takenOver";
const WARM_UP = 3;
const ROUNDS = 50;
