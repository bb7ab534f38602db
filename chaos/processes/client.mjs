// @ts-check
// A client: carries out its plans, and writes down what was confirmed to it. One that was killed goes on from the ledger.
import { setTimeout as delay } from "node:timers/promises";
import { connect, RunCancelledError, RunClosedError, RunFailedError } from "../../dist/index.js";
import { LedgerClient, readLedger } from "../ledger/ledger-client.mjs";
import { causeOf, number } from "../load/flows.mjs";
import { planOf } from "../load/plans.mjs";
import { Random } from "../random.mjs";
import { obeyOrders } from "./orders.mjs";
import { report, settings } from "./settings.mjs";

const { who, seed, servers, namespace } = settings;
const order = { finish: settings.finish };
process.on("message", (message) => {
  if (Object(message).finish === true) order.finish = true;
});
obeyOrders();

const ledger = new LedgerClient(settings.ledger);
const past = readPast();
const millrace = await connect({ servers: [...servers], namespace });
await ledger.note({ kind: "process", who, pid: process.pid, id: "", build: "" });
report({ ready: true });

/** @type {Set<Promise<void>>} */
const open = new Set();
let last = 0;
for (const [plan, done] of past) {
  last = Math.max(last, plan);
  if (!done.has("done")) begin(plan, done);
}
const random = new Random(`${seed}/${who}/pace/${process.pid}`);
while (!order.finish) {
  await delay(random.between(0.2, 1.8) * (1_000 / settings.rate));
  while (open.size >= settings.open && !order.finish) await Promise.race([...open, delay(200)]);
  if (!order.finish) begin(++last, new Set());
}
await Promise.all(open);
report({ finished: true });

/** @param {number} plan @param {ReadonlySet<string>} done */
function begin(plan, done) {
  const carried = carryOut(planOf(seed, who, plan), done).finally(() => open.delete(carried));
  open.add(carried);
}

/** @param {import("../load/plans.mjs").Plan} plan @param {ReadonlySet<string>} done */
async function carryOut(plan, done) {
  const about = { who, plan: plan.number, run: plan.id };
  const { key, flow, input, stop } = plan;
  if (!done.has("intended")) await ledger.note({ kind: "intended", ...about });
  if (!done.has("accepted")) {
    await stubbornly(() => millrace.submit(flow, input, { key }));
    await ledger.note({ kind: "accepted", ...about });
  }
  const run = millrace.attach(plan.id);
  const stopping = stop !== undefined && !done.has("stopped") ? stopLater(stop) : undefined;
  for (const [at, gapMs] of plan.signalGapsMs.entries()) {
    if (done.has(`signal ${at + 1}`)) continue;
    await delay(gapMs);
    const options = { key, signalId: String(at + 1) };
    // A run that has ended has received it before, or was stopped: the result tells which was right.
    await stubbornly(() => millrace.signalOrSubmit(flow, input, options, number, at + 1));
    await ledger.note({ kind: "signalled", ...about, number: at + 1 });
  }
  await stopping;
  const isEndless = stop === undefined && input.ops.some(({ op }) => op === "hold");
  if (!isEndless) {
    const end = await stubbornly(() => endOfRun(run));
    if (end !== undefined) await ledger.note({ kind: "result", ...about, end });
  }
  await ledger.note({ kind: "done", ...about });

  /** @param {{ readonly how: "cancel" | "terminate", readonly afterMs: number }} stop */
  async function stopLater({ how, afterMs }) {
    await delay(afterMs);
    await stubbornly(() => (how === "cancel" ? run.cancel("chaos") : run.terminate("chaos")));
    await ledger.note({ kind: "stopped", ...about });
  }
}

/** @param {import("../../dist/index.js").RunHandle} run @returns {Promise<import("../load/model.mjs").End>} */
async function endOfRun(run) {
  try {
    return { status: "completed", output: await run.result() };
  } catch (error) {
    if (error instanceof RunCancelledError) return { status: "cancelled" };
    if (error instanceof RunFailedError) return { status: "failed", message: causeOf(error) };
    throw error;
  }
}

/**
 * Asks again until the answer is one: the broker may be away for longer than the client's own patience.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T | undefined>} nothing when the run had ended
 */
async function stubbornly(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof RunClosedError) return undefined;
      console.error(`${new Date().toISOString()} ${who}: ${String(error)}`);
      await delay(500);
    }
  }
}

/** What this client did before it was killed, by plan. */
function readPast() {
  /** @type {Map<number, Set<string>>} */
  const plans = new Map();
  for (const entry of readLedger(settings.ledgerFile)) {
    if (!("plan" in entry) || entry.who !== who) continue;
    const done = plans.get(entry.plan) ?? new Set();
    plans.set(entry.plan, done);
    done.add(entry.kind === "signalled" ? `signal ${entry.number}` : entry.kind);
  }
  return plans;
}
