/**
 * Whether what a run costs depends on how many are stored: three brokers with 1,000, 100,000 and 1,000,000 closed runs, asked
 * in turns. Filling the largest takes ten minutes; with `MILLRACE_BENCH_STORES=<folder>` the stores stay there for the next time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { connect, flow, serve } from "../dist/index.js";
import { quantile, timed } from "./clock.mjs";
import { FilledBroker } from "./filled-broker.mjs";
import { FLOWS } from "./flows.mjs";
import { COSTS, SIZES } from "./growth-rows.mjs";
import { residentBytesOf } from "./process-cost.mjs";
import { runAll } from "./run-all.mjs";
import { storedBytes } from "./until.mjs";
import { WorkerProcess } from "./worker-process.mjs";

export async function growth({ share }) {
  const kept = process.env.MILLRACE_BENCH_STORES;
  const folder = kept ?? mkdtempSync(join(tmpdir(), "millrace-growth-"));
  const places = [];
  try {
    for (const [name, runs] of Object.entries(SIZES)) {
      const place = await FilledBroker.open(folder, Math.round(runs * share));
      places.push({ name, place, worker: await WorkerProcess.start(place.server.url) });
    }
    return await measureInTurns(places, share);
  } finally {
    for (const { place, worker } of places) {
      await worker.stop();
      await place.close();
    }
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What each costs at the smallest size, and how many times as much it does at the others. Each is asked in many short turns, and
 * the lower quartile counts: whatever else the machine does meanwhile only ever adds.
 */
async function measureInTurns(places, share) {
  const rows = {};
  for (const id of Object.keys(COSTS)) {
    const { turns, cost } = COST[id];
    const found = Object.fromEntries(places.map(({ name }) => [name, []]));
    for (let turn = 0; turn <= Math.max(2, Math.round(turns * share)); turn++) {
      for (const { name, place } of inTurn(places, turn)) {
        const value = await cost(place);
        // The first turn is the warm-up.
        if (turn > 0) found[name].push(value);
      }
    }
    const usual = (name) => quantile(found[name], 0.25);
    rows[id] = usual("small");
    for (const name of Object.keys(SIZES).slice(1)) rows[`${id}_${name}`] = usual(name) / rows[id];
  }
  return { ...rows, ...(await weigh(places)) };
}

/** Who is first changes from turn to turn. */
function inTurn(places, turn) {
  const at = turn % places.length;
  return [...places.slice(at), ...places.slice(0, at)];
}

/** Milliseconds each. */
const COST = {
  growSubmit: { turns: 24, cost: ({ millrace }) => median(20, () => millrace.submit("nobody")) },
  growKeyed: {
    turns: 24,
    cost: ({ millrace }) => median(20, () => millrace.submit("nobody", 1, { key: newKey() })),
  },
  growNoop: {
    turns: 15,
    cost: async ({ millrace }) => 5 * (await timed(() => runAll(millrace, 200, "noop"))),
  },
  growStep: {
    turns: 24,
    cost: async ({ millrace }) => 50 * (await timed(() => runAll(millrace, 1, "steps", 20))),
  },
  growResume: { turns: 24, cost: (place) => median(1, () => place, prepareFailed, resumed) },
  growResult: {
    turns: 24,
    cost: (place) => median(20, () => place.millrace.attach(recentOf(place)).result()),
  },
  /** The broker reads what it does not have in memory in blocks of 8 MB. */
  growAny: {
    turns: 24,
    cost: (place) => median(20, () => place.millrace.attach(anyOf(place)).result()),
  },
  growDetails: {
    turns: 24,
    cost: (place) => median(20, () => place.millrace.attach(recentOf(place)).details()),
  },
  growMissing: {
    turns: 24,
    cost: ({ millrace }) =>
      median(5, () =>
        millrace
          .attach(`noop:${newKey()}`)
          .state()
          .catch(() => undefined),
      ),
  },
  growExplain: {
    turns: 24,
    cost: (place) => median(5, () => place.millrace.attach(recentOf(place)).explain()),
  },
  growWorker: { turns: 6, cost: (place) => startWorker(place, FLOWS, "noop") },
  growQueue: {
    turns: 6,
    cost: (place) => {
      const name = `f${newKey()}`;
      return startWorker(place, [flow(name, () => undefined)], name);
    },
  },
};

async function startWorker({ server }, flows, name) {
  const start = performance.now();
  const connection = await connect({ servers: server.url });
  const worker = await serve(flows, { connection, log: pino({ level: "silent" }) });
  const ms = performance.now() - start;
  await (await connection.submit(name)).result();
  await worker.drain();
  await connection.close();
  return ms;
}

async function prepareFailed({ millrace }) {
  const run = await millrace.submit("failsOnce", 100);
  await run.result().catch(() => undefined);
  return { run, sequence: (await run.state()).sequence };
}

async function resumed({ run, sequence }) {
  await run.resume();
  for await (const event of run.events({ from: sequence, follow: true })) {
    if (event.type === "Completed") return;
  }
}

/** Milliseconds of one after the other. */
async function median(count, give, prepare, work) {
  const times = [];
  for (let at = 0; at < count; at++) {
    if (work === undefined) {
      times.push(await timed(give));
      continue;
    }
    const prepared = await prepare(give());
    times.push(await timed(() => work(prepared)));
  }
  return quantile(times, 0.5) * 1_000;
}

/** What a million runs take, and how long the server reads them when it starts. */
async function weigh(places) {
  const [small, , large] = places;
  const count = large.place.runs - small.place.runs;
  const bytes = await Promise.all(places.map(({ place }) => residentBytesOf(place.server.pid)));
  const stored = await Promise.all(places.map(({ place }) => storedBytes(place)));
  return {
    growServerPerRun: (bytes[2] - bytes[0]) / count,
    growStoredPerRun: (stored[2] - stored[0]) / count,
    growServerStart: large.place.startSeconds,
  };
}

function anyOf(place) {
  return place.idOf(Math.floor(Math.random() * place.runs));
}

function recentOf(place) {
  return place.idOf(place.runs - 1 - Math.floor(Math.random() * Math.min(1_000, place.runs)));
}

let keys = 0;
function newKey() {
  return `${Date.now().toString(36)}${(++keys).toString(36)}`;
}
