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
    return await measureInTurns(places, Math.max(2, Math.round(5 * share)));
  } finally {
    for (const { place, worker } of places) {
      await worker.stop();
      await place.close();
    }
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** The medians at the smallest size, and how many times as much it is at the others. */
async function measureInTurns(places, rounds) {
  const found = {};
  for (let round = 0; round <= rounds; round++) {
    for (const id of Object.keys(COSTS)) {
      for (const { name, place } of inTurn(places, round)) {
        const value = await COST[id](place);
        // The first round is the warm-up.
        if (round > 0) ((found[id] ??= {})[name] ??= []).push(value);
      }
    }
  }
  const rows = {};
  for (const [id, values] of Object.entries(found)) {
    const medians = Object.fromEntries(
      Object.entries(values).map(([name, all]) => [name, quantile(all, 0.5)]),
    );
    rows[id] = medians.small;
    for (const name of Object.keys(SIZES).slice(1))
      rows[`${id}_${name}`] = medians[name] / medians.small;
  }
  return { ...rows, ...(await weigh(places)) };
}

/** Who is first changes from round to round. */
function inTurn(places, round) {
  const at = round % places.length;
  return [...places.slice(at), ...places.slice(0, at)];
}

const COST = {
  /** Milliseconds of a submission alone. */
  growSubmit: ({ millrace }) => median(100, () => millrace.submit("nobody")),
  /** The same with a key of one's own, by the flow's name alone: it is looked for first. */
  growKeyed: ({ millrace }) => median(100, () => millrace.submit("nobody", 1, { key: newKey() })),
  /** Milliseconds for a run that does nothing, of 500, from submission to result. */
  growNoop: async ({ millrace }) => 2 * (await timed(() => runAll(millrace, 500, "noop"))),
  /** Milliseconds for a step of a run alone. */
  growStep: async ({ millrace }) => 10 * (await timed(() => runAll(millrace, 1, "steps", 100))),
  growResume: (place) => median(3, () => place, prepareFailed, resumed),
  growResult: (place) => median(100, () => place.millrace.attach(recentOf(place)).result()),
  /** The broker reads what it does not have in memory in blocks of 8 MB. */
  growAny: (place) => median(100, () => place.millrace.attach(anyOf(place)).result()),
  growDetails: (place) => median(100, () => place.millrace.attach(recentOf(place)).details()),
  growMissing: ({ millrace }) =>
    median(20, () =>
      millrace
        .attach(`noop:${newKey()}`)
        .state()
        .catch(() => undefined),
    ),
  growExplain: (place) => median(10, () => place.millrace.attach(recentOf(place)).explain()),
  /** A worker that joins, from its connection to the first run that it completed. */
  growWorker: (place) => startWorker(place, FLOWS, "noop"),
  /** The same for a flow that nobody has ever served: its consumers are made. */
  growQueue: (place) => {
    const name = `f${newKey()}`;
    return startWorker(place, [flow(name, () => undefined)], name);
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
async function median(count, give, prepare = async (given) => given, work = undefined) {
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
