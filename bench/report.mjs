import { availableParallelism, cpus, loadavg } from "node:os";
import { quantile } from "./clock.mjs";

/**
 * The rows in order. `aim` is what we want to reach: at least so much for what counts per second, at most so much for
 * everything else.
 */
const ROWS = [
  { id: "rawRoundTrip", name: "raw: publish, one after the other, p50", unit: "ms" },
  { id: "raw64", name: "raw: acked publishes, 64 in flight", unit: "/s" },
  { id: "raw256", name: "raw: acked publishes, 256 in flight", unit: "/s" },
  { id: "submits", name: "durable submits, 64 in flight", unit: "/s" },
  { id: "submitP50", name: "  one of them, p50", unit: "ms" },
  { id: "submitP99", name: "  one of them, p99", unit: "ms" },
  { id: "noops", name: "no-op flows, submit to result", unit: "/s", aim: 6_000 },
  { id: "cpuServer", name: "  CPU per 1,000: nats-server", unit: "s" },
  { id: "cpuWorker", name: "  CPU per 1,000: worker", unit: "s" },
  { id: "cpuClient", name: "  CPU per 1,000: client", unit: "s" },
  { id: "steps", name: "steps of 500 runs × 10", unit: "/s", aim: 10_000 },
  { id: "stepAlone", name: "a step of a run alone, 100 in a row", unit: "ms" },
  { id: "stepRatio", name: "  as a multiple of 100 raw publishes beside it", unit: "×", aim: 2.5 },
  { id: "resultP50", name: "submit to result, one step, p50", unit: "ms", aim: 1.5 },
  { id: "resultP99", name: "submit to result, one step, p99", unit: "ms" },
  { id: "replay", name: "resume and replay 1,000 steps", unit: "ms", aim: 25 },
  { id: "replay10", name: "resume and replay 10,000 steps", unit: "ms", aim: 250 },
  { id: "fanOut", name: "fan-out to 1,000 runs, submit to result", unit: "ms", aim: 300 },
  { id: "fanOutFrames", name: "  frames of its history", unit: "" },
  { id: "fanOut10", name: "fan-out to 10,000 runs", unit: "ms" },
  { id: "fanOut10Frames", name: "  frames of its history", unit: "" },
  { id: "lateP50", name: "a sleep of 5 s, 2,000 at once, is late by, p50", unit: "ms", aim: 3 },
  { id: "lateP99", name: "  p99", unit: "ms", aim: 25 },
  { id: "wakeUps", name: "suspended runs, signal to result", unit: "/s" },
  { id: "signalHeldP50", name: "signal to next step, held in memory, p50", unit: "ms" },
  { id: "signalHeldP99", name: "  p99", unit: "ms" },
  { id: "signalP50", name: "signal to next step, suspended, p50", unit: "ms" },
  { id: "signalP99", name: "  p99", unit: "ms" },
  { id: "workerIdle", name: "memory of the worker: no run", unit: "MB" },
  { id: "workerHeld", name: "  10,000 runs sleep in it", unit: "MB" },
  { id: "heapPerHeld", name: "  heap for one of them", unit: "kB" },
  { id: "workerSuspended", name: "  100,000 runs sleep, suspended", unit: "MB" },
  { id: "heapPerSuspended", name: "  heap for one of them", unit: "B", aim: 100 },
  { id: "serverSuspended", name: "memory of nats-server: 100,000 runs sleep", unit: "MB" },
  { id: "serverPerSuspended", name: "  for one of them", unit: "B" },
  { id: "storedPerSuspended", name: "  stored for one of them", unit: "B", aim: 1_024 },
  { id: "suspensions", name: "runs submitted, started and suspended", unit: "/s" },
];

/** What the numbers depend on besides the code. A load at the start is somebody else's, and takes its share. */
export function settingOf(natsServer) {
  return {
    node: process.versions.node,
    natsServer,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim(),
    load: loadavg()[0]?.toFixed(1),
  };
}

/** The medians of all rounds, row by row; rows that were not measured are left out. */
export function rowsOf(rounds) {
  return ROWS.flatMap(({ id, name, unit, aim }) => {
    const all = rounds.map((values) => values[id]).filter((value) => Number.isFinite(value));
    if (all.length === 0) return [];
    const value = quantile(all, 0.5);
    const row = { id, name, unit, value, rounds: all };
    if (aim === undefined) return [row];
    return [{ ...row, aim, reached: unit === "/s" ? value >= aim : value <= aim }];
  });
}

export function showTable(setting, rows) {
  const { node, natsServer, cores, cpu, load, rounds, share } = setting;
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map((row) => {
    const value = `${format(row.value).padStart(9)} ${row.unit.padEnd(2)}`;
    return `${row.name.padEnd(width)} ${value} ${showAim(row)}`.trimEnd();
  });
  return [
    `Node ${node} · nats-server ${natsServer} · ${cores} cores (${cpu}) · load ${load} at the start`,
    `${rounds === 1 ? "one round" : `median of ${rounds} rounds`}${share === 1 ? "" : `, ${share * 100} % of the size: no numbers to rely on`}`,
    "",
    ...lines,
  ].join("\n");
}

function showAim({ unit, aim, reached }) {
  if (aim === undefined) return "";
  const wanted = `${unit === "/s" ? "≥" : "≤"} ${format(aim)}`;
  return `  aim ${wanted}: ${reached ? "reached" : "not reached"}`;
}

function format(value) {
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
