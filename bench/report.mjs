import { availableParallelism, cpus, loadavg } from "node:os";
import { quantile } from "./clock.mjs";
import { GROWTH_ROWS } from "./growth-rows.mjs";
import { SCALE_ROWS } from "./scale-rows.mjs";

/**
 * The rows in order. `aim` is what we want to reach: at least so much for what counts per second and for shares of the raw
 * limit, at most so much for everything else. What has `of` is worked out of the others of its round.
 */
const ROWS = [
  { id: "rawRoundTrip", name: "raw: publish, one after the other, p50", unit: "ms" },
  { id: "raw64", name: "raw: acked publishes, 64 in flight", unit: "/s" },
  { id: "raw256", name: "raw: acked publishes, 256 in flight", unit: "/s" },
  { id: "rawLarge", name: "raw: acked publishes of 64 KiB, 64 in flight", unit: "/s" },
  { id: "submits", name: "durable submits, 64 in flight", unit: "/s", aim: 15_000 },
  { id: "submitP50", name: "  one of them, p50", unit: "ms" },
  { id: "submitP99", name: "  one of them, p99", unit: "ms" },
  { id: "ingress", name: "plain publishes made submissions, one worker", unit: "/s", aim: 5_000 },
  { id: "ingressCpuServer", name: "  CPU per 1,000: nats-server", unit: "s" },
  { id: "ingressCpuWorker", name: "  CPU per 1,000: worker", unit: "s" },
  { id: "triggered", name: "events acted upon by a trigger, one worker", unit: "/s" },
  { id: "triggeredCpu", name: "  CPU per 1,000: worker", unit: "s" },
  { id: "triggerP50", name: "  event to run's first step, p50", unit: "ms" },
  { id: "triggerP99", name: "  event to run's first step, p99", unit: "ms" },
  { id: "noops", name: "no-op flows, submit to result", unit: "/s", aim: 8_000 },
  {
    id: "noopShare",
    name: "  of half the raw publishes, 256 in flight",
    unit: "%",
    aim: 60,
    of: ({ noops, raw256 }) => (noops / (raw256 / 2)) * 100,
  },
  { id: "noopsPerCpu", name: "  per CPU second of nats-server and worker", unit: "/s", aim: 6_000 },
  { id: "cpuServer", name: "  CPU per 1,000: nats-server", unit: "s" },
  { id: "cpuWorker", name: "  CPU per 1,000: worker", unit: "s" },
  { id: "cpuClient", name: "  CPU per 1,000: client", unit: "s" },
  { id: "steps", name: "steps of 500 runs × 10", unit: "/s", aim: 12_000 },
  {
    id: "stepShare",
    name: "  of the raw publishes, 256 in flight",
    unit: "%",
    aim: 45,
    of: ({ steps, raw256 }) => (steps / raw256) * 100,
  },
  { id: "largeSubmits", name: "submits with 64 KiB, 64 in flight", unit: "/s" },
  {
    id: "largeSubmitShare",
    name: "  of the raw publishes of 64 KiB",
    unit: "%",
    aim: 50,
    of: ({ largeSubmits, rawLarge }) => (largeSubmits / rawLarge) * 100,
  },
  { id: "largeSteps", name: "steps that give 64 KiB, 100 runs × 10", unit: "/s" },
  {
    id: "largeStepShare",
    name: "  of the raw publishes of 64 KiB",
    unit: "%",
    aim: 50,
    of: ({ largeSteps, rawLarge }) => (largeSteps / rawLarge) * 100,
  },
  { id: "stepAlone", name: "a step of a run alone, 100 in a row", unit: "ms", aim: 0.45 },
  { id: "stepRatio", name: "  as a multiple of 100 raw publishes beside it", unit: "×", aim: 2 },
  { id: "resultP50", name: "submit to result, one step, p50", unit: "ms", aim: 1.1 },
  { id: "resultP99", name: "submit to result, one step, p99", unit: "ms", aim: 5 },
  { id: "replay", name: "resume and replay 1,000 steps", unit: "ms", aim: 25 },
  { id: "replayFirst", name: "  the first of ten in a row", unit: "ms" },
  { id: "replay10", name: "resume and replay 10,000 steps", unit: "ms", aim: 250 },
  { id: "fanOut", name: "fan-out to 1,000 runs, submit to result", unit: "ms", aim: 240 },
  { id: "fanOutFrames", name: "  frames of its history", unit: "" },
  { id: "fanOut10", name: "fan-out to 10,000 runs", unit: "ms" },
  { id: "fanOut10Frames", name: "  frames of its history", unit: "" },
  { id: "lateP50", name: "a sleep of 5 s, 2,000 at once, is late by, p50", unit: "ms", aim: 2 },
  { id: "lateP99", name: "  p99", unit: "ms", aim: 10 },
  { id: "wakeUps", name: "suspended runs, signal to result", unit: "/s" },
  { id: "idle", name: "requests and writes of an idle worker, one partition", unit: "/s" },
  { id: "idle4", name: "  four partitions", unit: "/s" },
  {
    id: "takeOverFast",
    name: "kill -9 of a worker with 50 runs: all went on after",
    unit: "ms",
    aim: 700,
  },
  { id: "takeOverFastMax", name: "  the longest of seven times", unit: "ms" },
  { id: "takeOverLease", name: "  with takeOver: lease", unit: "ms", aim: 5_500 },
  { id: "takeOverLeaseMax", name: "  the longest of three times", unit: "ms", aim: 5_500 },
  { id: "takeOverPaused", name: "SIGSTOP of it: all went on after", unit: "ms", aim: 5_500 },
  { id: "takeOverPausedMax", name: "  the longest of three times", unit: "ms", aim: 5_500 },
  { id: "signalHeldP50", name: "signal to next step, held in memory, p50", unit: "ms" },
  { id: "signalHeldP99", name: "  p99", unit: "ms" },
  { id: "signalP50", name: "signal to next step, suspended, p50", unit: "ms" },
  { id: "signalP99", name: "  p99", unit: "ms" },
  { id: "noopsSilent", name: "no-op flows, nothing told of them", unit: "/s" },
  { id: "noopsTold", name: "  and told of", unit: "/s" },
  { id: "told", name: "  events of them, to the last", unit: "/s" },
  { id: "cpuWorkerSilent", name: "  CPU per 1,000: worker, nothing told", unit: "s" },
  { id: "cpuWorkerTold", name: "  CPU per 1,000: worker, told", unit: "s" },
  { id: "cpuServerSilent", name: "  CPU per 1,000: nats-server, nothing told", unit: "s" },
  { id: "cpuServerTold", name: "  CPU per 1,000: nats-server, told", unit: "s" },
  { id: "toldP50", name: "end of a run to its event at a subscriber, p50", unit: "ms" },
  { id: "toldP99", name: "  p99", unit: "ms" },
  { id: "schedulesPut", name: "schedules put, 64 in flight", unit: "/s" },
  { id: "scheduleP50", name: "10,000 due in one minute: due to started, p50", unit: "ms" },
  { id: "scheduleP99", name: "  p99", unit: "ms" },
  { id: "scheduleMax", name: "  the latest", unit: "ms" },
  { id: "scheduleTwice", name: "  fired twice", unit: "" },
  { id: "scheduleMissed", name: "  not fired", unit: "" },
  { id: "checkSeconds", name: "check of 10,000 open runs of 50 events", unit: "s", aim: 60 },
  { id: "checkRuns", name: "  runs checked", unit: "/s" },
  { id: "workerIdle", name: "memory of the worker: no run", unit: "MB" },
  { id: "workerHeld", name: "  10,000 runs sleep in it", unit: "MB" },
  { id: "heapPerHeld", name: "  heap for one of them", unit: "kB" },
  {
    id: "serverGrown",
    name: "10,000 runs sleep, suspended: nats-server grows by",
    unit: "MiB",
    aim: 10,
  },
  { id: "workerGrown", name: "  the worker grows by", unit: "MiB", aim: 0 },
  { id: "workerSuspended", name: "  100,000 runs sleep, suspended", unit: "MB" },
  { id: "heapPerSuspended", name: "  heap for one of them", unit: "B", aim: 100 },
  { id: "serverSuspended", name: "memory of nats-server: 100,000 runs sleep", unit: "MB" },
  { id: "serverPerSuspended", name: "  for one of them", unit: "B" },
  { id: "storedPerSuspended", name: "  stored for one of them", unit: "B", aim: 1_024 },
  { id: "suspensions", name: "runs submitted, started and suspended", unit: "/s" },
  {
    id: "rebuildRate",
    name: "view of 1,000,000 runs from 3,000,000 events, libsql",
    unit: "/s",
    aim: 20_000,
  },
  { id: "rebuildMillion", name: "  the first 1,000,000 events", unit: "s" },
  { id: "rebuildCpu", name: "  CPU per 1,000 events", unit: "s" },
  { id: "rebuildMemory", name: "  memory of the process, at most", unit: "MB" },
  { id: "storedPerRun", name: "  stored for a run", unit: "B" },
  { id: "searchAll", name: "search: all runs", unit: "ms", aim: 50 },
  { id: "searchFlow", name: "search: a flow", unit: "ms", aim: 50 },
  { id: "searchRare", name: "search: a rare status", unit: "ms", aim: 50 },
  { id: "searchCommon", name: "search: a common status", unit: "ms", aim: 50 },
  { id: "searchNone", name: "search: a status that none has", unit: "ms", aim: 50 },
  { id: "searchQueue", name: "search: a queue", unit: "ms", aim: 50 },
  { id: "searchKey", name: "search: a key", unit: "ms", aim: 50 },
  { id: "searchPrefix", name: "search: the beginning of a key", unit: "ms", aim: 50 },
  { id: "searchTag", name: "search: a tag", unit: "ms", aim: 50 },
  { id: "searchTags", name: "search: two tags", unit: "ms", aim: 50 },
  { id: "searchAnyTag", name: "search: any of three tags", unit: "ms", aim: 50 },
  { id: "searchSubmitted", name: "search: submitted on a day", unit: "ms", aim: 50 },
  { id: "searchStarted", name: "search: started in a month", unit: "ms", aim: 50 },
  { id: "searchClosed", name: "search: closed in a month", unit: "ms", aim: 50 },
  { id: "searchParent", name: "search: children of a run", unit: "ms", aim: 50 },
  { id: "searchRoot", name: "search: a family", unit: "ms", aim: 50 },
  { id: "searchWorker", name: "search: held by a worker", unit: "ms", aim: 50 },
  { id: "searchFingerprint", name: "search: an error's fingerprint", unit: "ms", aim: 50 },
  { id: "searchText", name: "search: two words of an error", unit: "ms", aim: 50 },
  { id: "searchTextRare", name: "search: a word that none has", unit: "ms", aim: 50 },
  { id: "searchAttribute", name: "search: a text attribute", unit: "ms", aim: 50 },
  { id: "searchNumber", name: "search: a number attribute, above", unit: "ms", aim: 50 },
  { id: "searchFlowStatus", name: "search: flow, status and a month", unit: "ms", aim: 50 },
  { id: "searchTagStatus", name: "search: tag and status", unit: "ms", aim: 50 },
  { id: "searchFlowAttribute", name: "search: flow and attribute", unit: "ms", aim: 50 },
  { id: "searchByClosed", name: "search: a status, the last closed first", unit: "ms", aim: 50 },
  { id: "searchByUpdated", name: "search: a flow, the last changed first", unit: "ms", aim: 50 },
  { id: "searchWorst", name: "  the slowest page or count of all of them", unit: "ms" },
  {
    id: "postgresRate",
    name: "view of 333,000 runs from 1,000,000 events, PostgreSQL",
    unit: "/s",
    aim: 8_000,
  },
  { id: "postgresMemory", name: "  memory of the process, at most", unit: "MB" },
  { id: "postgresPerRun", name: "  stored for a run", unit: "B" },
  ...GROWTH_ROWS,
  ...SCALE_ROWS,
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
  return ROWS.flatMap(({ id, name, unit, aim, of = (values) => values[id] }) => {
    const all = rounds.map(of).filter((value) => Number.isFinite(value));
    if (all.length === 0) return [];
    const value = quantile(all, 0.5);
    const row = { id, name, unit, value, rounds: all };
    return aim === undefined ? [row] : [{ ...row, ...judge(value, unit, aim) }];
  });
}

/** `missing`: by how many percent of the aim. */
function judge(value, unit, aim) {
  const reached = isAtLeast(unit) ? value >= aim : value <= aim;
  const missing = Math.abs(1 - value / aim) * 100;
  return reached ? { aim, reached } : { aim, reached, missing };
}

function isAtLeast(unit) {
  return unit === "/s" || unit === "%";
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
    `${showBroker(setting)} · ${rounds === 1 ? "one round" : `median of ${rounds} rounds`}${share === 1 ? "" : `, ${share * 100} % of the size: no numbers to rely on`}`,
    "",
    `${"".padEnd(width)} ${"measured".padStart(9)}    ${"aim".padStart(9)}`,
    ...lines,
  ].join("\n");
}

/** The same as a table of Markdown, for docs/performance.md. */
export function showMarkdown(setting, rows) {
  const lines = rows.map(({ name, value, unit, ...judged }) => {
    const text = name.replace(/^ +/, "– ");
    const [aim = "", verdict = ""] = showAim({ unit, ...judged })
      .trim()
      .split("  ");
    return `| ${text} | ${format(value)} ${unit} | ${aim} | ${verdict} |`;
  });
  return [showBroker(setting), "", "| | measured | aim | |", "|---|---|---|---|", ...lines].join(
    "\n",
  );
}

function showBroker({ sync, replicas, partitions }) {
  const fsync = sync === undefined ? "every 2 minutes" : sync;
  const copies = replicas === 1 ? "one server" : `${replicas} servers and replicas`;
  return `${copies} · fsync: ${fsync} · partitions: ${partitions}`;
}

function showAim({ unit, aim, reached, missing }) {
  if (aim === undefined) return "";
  const wanted = `${isAtLeast(unit) ? "≥" : "≤"} ${format(aim)}`.padStart(10);
  return `${wanted}  ${reached ? "holds" : `missed by ${Math.ceil(missing)} %`}`;
}

function format(value) {
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
