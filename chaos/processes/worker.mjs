// @ts-check
// A worker as a user would write one.
import { pino } from "pino";
import { connect, serve } from "../../dist/index.js";
import { LedgerClient } from "../ledger/ledger-client.mjs";
import { definitionsOf } from "../load/flows.mjs";
import { obeyOrders } from "./orders.mjs";
import { report, settings } from "./settings.mjs";

const { who, servers, namespace, lease, build } = settings;
const ledger = new LedgerClient(settings.ledger);
let executions = 0;
/** @type {(id: string) => void} */
let tellId = () => undefined;
/** The worker reads before `serve` says what its id is; the first steps wait for that. @type {Promise<string>} */
const id = new Promise((resolve) => (tellId = resolve));

/** @type {import("../load/flows.mjs").Begin} */
async function begin({ runId: run, step, attempt }, extra = {}) {
  const about = { run, step, attempt, worker: await id, execution: ++executions, ...extra };
  await ledger.note({ kind: "start", ...about });
  return async () => {
    await ledger.note({ kind: "end", ...about });
  };
}

obeyOrders();
const millrace = await connect({ servers: [...servers], namespace });
const worker = await serve(definitionsOf({ begin, build }), {
  connection: millrace,
  lease,
  suspendAfter: "300ms",
  concurrency: 40,
  log: pino({ level: "warn" }, pino.destination(2)),
});
process.on("SIGTERM", () => void stop());
void worker.stopped.then(() => process.exit(3));
tellId(worker.id);
await ledger.note({ kind: "process", who, pid: process.pid, id: worker.id, build });
report({ ready: true });

let isStopping = false;
async function stop() {
  if (isStopping) return;
  isStopping = true;
  await worker.drain();
  await millrace.close();
  process.exit(0);
}
