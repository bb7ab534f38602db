// What `npm run demo` runs: a crash drill. Two workers, 50 runs of 10 steps, one worker killed in the middle.
import { setMaxListeners } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { connect } from "millrace";
import { startNatsServer } from "../dist/embedded/start-nats-server.js";
import { DrillView } from "./drill-view.mjs";
import { WorkerPool } from "./worker-pool.mjs";

const RUNS = 50;
const FLOW_FILE = fileURLToPath(new URL("./drill-flow.ts", import.meta.url));
/** Each worker executes so many runs at once. */
const LIMIT = 10;
/** The worker is killed when so large a part of the steps is done: 20 runs are, and 20 are in their middle. */
const KILL_AT = 0.5;
const DEADLINE_MS = 120_000;

const { STEPS, expectedResult } = await createJiti(import.meta.url).import(FLOW_FILE);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => stop.abort(new Error(`Stopped by ${signal}.`)));
}

const folder = await mkdtemp(join(tmpdir(), "millrace-drill-"));
try {
  process.exitCode = await withBroker();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
process.exit();

async function withBroker() {
  const ledger = join(folder, "ledger");
  await mkdir(ledger);
  const server = await startNatsServer({ storeDir: join(folder, "nats"), onProgress: console.log });
  const pool = new WorkerPool({
    file: FLOW_FILE,
    url: server.url,
    args: ["--limit", String(LIMIT), "--grace", "1s"],
    env: { DRILL_LEDGER: ledger },
  });
  try {
    const workers = await Promise.all([pool.start(), pool.start()]);
    const millrace = await connect({ servers: server.url });
    const drill = await runDrill(millrace, workers);
    await millrace.close();
    return report(drill, await executions(ledger));
  } finally {
    await pool.stop();
    await server.stop();
  }
}

async function runDrill(millrace, workers) {
  const view = new DrillView({ runs: RUNS, steps: RUNS * STEPS, workers });
  const startedAt = Date.now();
  const runs = new Map();
  let victim;
  const killWhenDue = () => {
    const done = [...runs.values()].reduce((sum, run) => sum + run.steps.length, 0);
    if (victim !== undefined || done < KILL_AT * RUNS * STEPS) return;
    victim = { ...busiest(workers, runs), done, at: Date.now() };
    victim.child.kill("SIGKILL");
    view.killed(victim);
  };
  const deadline = AbortSignal.any([stop.signal, AbortSignal.timeout(DEADLINE_MS)]);
  setMaxListeners(0, deadline); // Each run listens.
  try {
    await Promise.all(
      Array.from({ length: RUNS }, async (_, seed) => {
        const handle = await millrace.submit("drill", seed, { key: `run-${seed}` });
        const run = { id: handle.id, seed, holder: "", steps: [], takenOverAt: undefined };
        runs.set(handle.id, run);
        for await (const event of handle.events({ follow: true, signal: deadline })) {
          record(run, event);
          killWhenDue();
          view.update([...runs.values()]);
        }
        run.result = await handle.result({ signal: deadline }).catch((error) => error);
      }),
    );
  } finally {
    view.end([...runs.values()]);
  }
  return { runs: [...runs.values()], victim, tookMs: Date.now() - startedAt };
}

function record(run, event) {
  if (event.type === "StepCompleted") run.steps.push(event.step);
  if (event.type === "Completed") run.holder = "";
  if (event.type !== "Activated") return;
  run.holder = event.worker;
  if (event.reason === "takeover") run.takenOverAt = event.at;
}

/** The worker that holds the most runs. */
function busiest(workers, runs) {
  const holds = (worker) => [...runs.values()].filter(({ holder }) => holder === worker.id).length;
  const [worker] = workers.toSorted((a, b) => holds(b) - holds(a));
  return worker;
}

/** Every execution of a step, from the ledgers of all workers. */
async function executions(ledger) {
  const files = await readdir(ledger);
  const texts = await Promise.all(files.map((file) => readFile(join(ledger, file), "utf8")));
  return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
}

function report({ runs, victim, tookMs }, executed) {
  const wrong = runs.filter(
    ({ seed, result, steps }) =>
      result !== expectedResult(seed) || steps.length !== STEPS || new Set(steps).size !== STEPS,
  );
  const taken = runs.filter(({ takenOverAt }) => takenOverAt !== undefined);
  const after = taken.map(({ takenOverAt }) => takenOverAt - victim.at).toSorted((a, b) => a - b);
  const repeated = executed.length - new Set(executed).size;
  const lines = [
    ["runs", `${runs.length - wrong.length} of ${RUNS} completed with the right result`],
    ["killed", `${victim.name} (pid ${victim.pid}) with kill -9 after ${victim.done} steps`],
    ["taken over", `${taken.length} runs: ${taken.map(({ seed }) => `run-${seed}`).join(", ")}`],
    [
      "take-overs",
      `first ${seconds(after[0])} after the kill, last ${seconds(after.at(-1))} (lease 5 s)`,
    ],
    [
      "steps",
      `${RUNS * STEPS} recorded once each, ${executed.length} executed, ${repeated} repeated`,
    ],
    ["time", seconds(tookMs)],
  ];
  console.log();
  for (const [name, text] of lines) console.log(`${name.padEnd(11)} ${text}`);
  for (const { id, result } of wrong) console.log(`WRONG       ${id}: ${result}`);
  return wrong.length === 0 && taken.length > 0 ? 0 : 1;
}

function seconds(ms) {
  return ms === undefined ? "never" : `${(ms / 1000).toFixed(2)} s`;
}
