/** The projection: how fast a view is rebuilt from the log, what it takes, and how fast a million runs are searched. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createJiti } from "jiti";
import pg from "pg";
import { pino } from "pino";
import { systemClock } from "../dist/ports/clock.js";
import { rebuild } from "../dist/projections/rebuild.js";
import { openRunStore } from "../dist/projections/sql/open-run-store.js";
import { quantile } from "./clock.mjs";
import { searchesOf } from "./searches.mjs";
import { syntheticFeed } from "./synthetic-feed.mjs";

const RUNS = 1_000_000;
/** Of PostgreSQL the rate alone is measured. */
const RUNS_ON_POSTGRES = 333_000;
const MEGABYTE = 1e6;
const TURNS = 7;

/** On libsql: a million runs are folded, then searched. */
export async function projection({ share }) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const file = join(folder, "runs.db");
  const runs = Math.round(RUNS * share);
  try {
    const store = await openRunStore(file);
    const built = await build(store, runs);
    const found = await search(store, runs);
    await store.close();
    return {
      rebuildRate: built.rate,
      rebuildMillion: built.firstMillion,
      rebuildCpu: built.cpuPer1000,
      rebuildMemory: built.rss / MEGABYTE,
      storedPerRun: statSync(file).size / runs,
      ...found,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On PostgreSQL, which has its usual durability, and CPU that is not counted here. */
export async function projectionPostgres({ share }) {
  const jiti = createJiti(import.meta.url);
  const { startPostgres } = await jiti.import("../test/projections/support/start-postgres.ts");
  const server = await startPostgres({ durable: true });
  const runs = Math.round(RUNS_ON_POSTGRES * share);
  try {
    const store = await openRunStore(await server.newDatabase());
    const built = await build(store, runs);
    await store.close();
    return {
      postgresRate: built.rate,
      postgresMemory: built.rss / MEGABYTE,
      postgresPerRun: (await databaseBytes(server.url)) / runs,
    };
  } finally {
    await server.stop();
  }
}

/** Seconds are those of the projector: the making of the messages is not counted. */
async function build(store, runs) {
  const feed = syntheticFeed(runs);
  const messages = runs * 3;
  const log = pino({ level: "silent" });
  const begun = performance.now();
  const cpu = process.cpuUsage();
  const seconds = () => (performance.now() - begun) / 1_000 - feed.spent.seconds;
  let firstMillion = Number.NaN;
  let done = Number.NaN;
  let cpuSeconds = 0;
  let rss = 0;
  const onProgress = ([{ sequence }]) => {
    rss = Math.max(rss, process.memoryUsage().rss);
    if (sequence >= 1e6 && Number.isNaN(firstMillion)) firstMillion = (seconds() / sequence) * 1e6;
    if (sequence < messages || !Number.isNaN(done)) return;
    done = seconds();
    const { user, system } = process.cpuUsage(cpu);
    cpuSeconds = (user + system) / 1e6 - feed.spent.cpu;
  };
  const parts = { store, feed, clock: systemClock, log, onProgress };
  await rebuild(parts, new AbortController().signal);
  // What was stored between two looks is over by now.
  if (Number.isNaN(done)) onProgress([{ sequence: messages }]);
  const { count } = await store.view.count({});
  if (count !== runs) throw new Error(`Of ${runs} runs the view has ${count}`);
  return { rate: messages / done, firstMillion, cpuPer1000: (cpuSeconds / messages) * 1e3, rss };
}

/** For each search the median of its first page, of a page further on and of its count; and the slowest of all. */
async function search({ view }, runs) {
  const values = {};
  let worst = 0;
  for (const [id, query] of Object.entries(await searchesOf(view, runs))) {
    const first = await view.list(query, { limit: 50 });
    const after = await further(view, query, first.next);
    const times = [
      await timesOf(() => view.list(query, { limit: 50 })),
      ...(after === undefined ? [] : [await timesOf(() => view.list(query, { limit: 50, after }))]),
      await timesOf(() => view.count(query)),
    ];
    values[id] = Math.max(...times.map((one) => quantile(one, 0.5)));
    worst = Math.max(worst, ...times.flat());
  }
  return { ...values, searchWorst: worst };
}

/** The cursor of a page some thousand runs on, if there are so many. */
async function further(view, query, next) {
  let after = next;
  for (let page = 0; page < 5 && after !== undefined; page++) {
    after = (await view.list(query, { limit: 1_000, after })).next;
  }
  return after;
}

async function timesOf(work) {
  const times = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times;
}

async function databaseBytes(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select pg_database_size(current_database()) as bytes");
    return Number(rows[0].bytes);
  } finally {
    await client.end();
  }
}
