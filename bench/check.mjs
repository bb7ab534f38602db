/** The gate before a deploy: how long it takes to replay all open runs against new code. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { encodeFrame } from "../dist/wire/frame-codec.js";
import { encodeValue } from "../dist/wire/value-codec.js";
import { BenchPlace } from "./bench-place.mjs";
import { pool, timed } from "./clock.mjs";

/**
 * 10,000 suspended runs with 50 events in 48 frames each, as a worker leaves them that records one step after the other; then
 * `millrace check` as a user starts it, with a thread for each core. It must find that all of them fit.
 */
export function check({ share }) {
  return BenchPlace.with({ worker: false }, async ({ millrace, server }) => {
    const count = Math.round(10_000 * share);
    await recordRuns(millrace, count);
    let report;
    const seconds = await timed(async () => {
      report = await checkAll(server.url);
    });
    if (report.fits !== count) throw new Error(`Of ${count} runs, these fit: ${report.fits}`);
    return { checkSeconds: seconds / share, checkRuns: count / seconds };
  });
}

const STEPS = 47;

async function recordRuns(millrace, count) {
  const { log } = millrace.host.broker;
  let next = 0;
  await pool(count, 256, async () => {
    const key = `k${next++}`;
    const { id } = await millrace.submit("checked", { order: key }, { key });
    const run = { id, flow: "checked", key, token: key };
    let prev = 0;
    for (const { status, events } of FRAMES) {
      const frame = { prev, epoch: 1, writer: "bench", status, events, ...NOTHING_ELSE };
      const written = await log.append(run, prev, encodeFrame(frame));
      if (written.status !== "written")
        throw new Error(`A frame was not written: ${written.status}`);
      prev = written.sequence;
    }
  });
}

const NOTHING_ELSE = { inboxFolded: 0, token: 1, queue: "checked", annotated: 0 };
const at = Date.now();
const activated = {
  type: "Activated",
  at,
  epoch: 1,
  worker: "bench",
  token: 1,
  reason: "submitted",
  version: "",
};
const steps = Array.from({ length: STEPS }, (_, index) => ({
  type: "StepCompleted",
  at,
  step: `step#${index + 1}`,
  attempt: 1,
  startedAt: at,
  output: encodeValue({ index, text: "what a step has to tell of its work" }, "it"),
}));
const last = [
  { type: "TimerSet", at, timer: "go#1", fireAt: at + 86_400_000 },
  { type: "Suspended", at, wakeAt: at + 86_400_000, waits: ["signal go"] },
];
const FRAMES = [
  { status: "running", events: [activated, steps[0]] },
  ...steps.slice(1).map((step) => ({ status: "running", events: [step] })),
  { status: "suspended", events: last },
];

function checkAll(url) {
  const { dirname } = import.meta;
  const cli = join(dirname, "..", "dist", "cli", "main.js");
  const flow = join(dirname, "checked-flow.mjs");
  const child = spawn(process.execPath, [cli, "check", "--json", "--flow", flow, "-s", url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new Error(`The check ended with exit code ${code}: ${text}`));
    });
  });
}
