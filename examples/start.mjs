// What `npm start` runs: a broker, two workers, a server, one run to look at, and an invitation to kill.

import { fileURLToPath } from "node:url";
import { connect } from "millrace";
import { startDevServer } from "../dist/cli/dev-server.js";
import { openEmbeddedBroker } from "../dist/embedded/open-embedded-broker.js";
import { ROOT } from "../scripts/setup.mjs";
import { describeEvent } from "./describe-event.mjs";
import { WorkerPool } from "./worker-pool.mjs";

/** npm passes Ctrl-C on to a process that the terminal has told already: two at once are one. */
const SAME_SIGNAL_MS = 500;

const say = (text = "") => console.log(text);
const stop = new AbortController();
let pool;
let server;
let stoppedAt;
let ownRun;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (stoppedAt !== undefined && Date.now() - stoppedAt > SAME_SIGNAL_MS) {
      pool?.kill();
      process.exit(130);
    }
    stoppedAt ??= Date.now();
    stop.abort();
  });
}

/** Whose broker: another folder than this one may be given. */
const [, , dir = ROOT] = process.argv;
const broker = await openEmbeddedBroker({ dir, onProgress: say });
try {
  await main();
} finally {
  await pool?.stop();
  await server?.stop();
  await broker.stop();
}
process.exit(0);

async function main() {
  pool = new WorkerPool({
    file: fileURLToPath(new URL("./checkout.ts", import.meta.url)),
    url: broker.url,
    args: ["--grace", "5s", "--guard", "warn"],
    onLog: showLog,
    onDeath: replace,
  });
  const workers = await Promise.all([pool.start(), pool.start()]);
  server = await startDevServer({ broker: broker.url, namespace: "default", dir, onTrouble: say });
  say();
  say(`Broker   ${broker.url}${broker.owned ? "" : " (already running in this folder)"}`);
  say(`Workers  ${workers.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ")}`);
  say(`Server   ${server.url} (HTTP API, search)`);
  const millrace = await connect({ servers: broker.url });
  const order = { customer: "Ada", items: ["tea", "kettle", "cup"] };
  const key = `order-${Date.now().toString(36)}`;
  const handle = await millrace.submit("checkout", order, { key, tags: ["example"] });
  ownRun = handle.id;
  say(`Run      ${handle.id}, about 25 s of work (examples/checkout.ts)`);
  say();
  await follow(handle);
  if (!stop.signal.aborted) invite(handle.id);
  await stopped();
  say();
  say("Stopping the workers, the server and the broker");
  await millrace.close();
}

async function follow(handle) {
  try {
    for await (const event of handle.events({ follow: true, signal: stop.signal })) {
      for (const line of describeEvent(event, (id) => pool.find(id))) say(line);
    }
    say();
    say(`Result   ${JSON.stringify(await handle.result({ signal: stop.signal }))}`);
  } catch (error) {
    if (!stop.signal.aborted) say(`The run ended: ${error.message}`);
  }
}

function invite(id) {
  say();
  say("Broker, workers and server stay up. In a second terminal, in this folder:");
  say(`  npx millrace show ${id}`);
  say(`  npx millrace list tag:example`);
  say(`  npx millrace explain ${id}`);
  say(`  curl -s '${server.url}/api/v1/runs?q=flow:checkout'`);
  say(`  npx millrace submit checkout '{"customer": "you", "items": ["tea"]}' --key mine --wait`);
  say(
    "  npx millrace events tail --follow        (what any NATS client sees: millrace.default.events.>)",
  );
  say("  npx millrace doctor");
  say("Submit one, and kill the worker that has it. Ctrl-C here ends everything.");
}

async function stopped() {
  if (stop.signal.aborted) return;
  // An abort signal alone keeps no process alive.
  const alive = setInterval(() => {}, 60_000);
  await new Promise((resolve) => {
    stop.signal.addEventListener("abort", resolve);
  });
  clearInterval(alive);
}

function replace({ name, pid }, how) {
  say(`          ${name} (pid ${pid}) is gone: ${how}. Starting another one`);
  pool.start().then(
    (worker) => say(`          ${worker.name} (pid ${worker.pid}) serves`),
    (error) => {
      if (!stop.signal.aborted) say(error.message);
    },
  );
}

/** The example run is told by its events; of other runs, what their steps log is shown. */
function showLog({ name }, { level, run, step, msg }) {
  if (run === ownRun && level < 40) return;
  if (run !== undefined) say(`          ${run}${step ? ` ${step}` : ""} on ${name}: ${msg}`);
}
