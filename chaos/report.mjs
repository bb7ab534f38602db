// @ts-check
import {
  longestStallMs,
  spread,
  takeOvers,
  timerDelays,
  workerProcesses,
} from "./checks/measures.mjs";
import { DEFAULTS } from "./defaults.mjs";
import { statusOf } from "./evidence.mjs";

/**
 * @typedef {object} Report
 * @property {string} seed
 * @property {string} command that repeats it
 * @property {"one" | "cluster"} topology
 * @property {number} minutes
 * @property {number} leaseMs
 * @property {number} accepted submissions that were confirmed to clients
 * @property {Readonly<Record<string, number>>} runs with their children, by how they ended
 * @property {Readonly<Record<string, number>>} faults by kind
 * @property {number} workersEnded
 * @property {{ readonly executions: number, readonly repeated: number, readonly late: number }} steps
 * @property {number} pressed executions that were begun when as many runs executed as a limit lets in
 * @property {number} overlaps times at which a limit was exceeded by workers that had lost their runs
 * @property {Readonly<Record<string, import("./report.mjs").Spread>>} takeOvers by kind of fault, and of all
 * @property {Spread} timers by how much they were late
 * @property {number} longestStallMs
 * @property {number} lost
 * @property {readonly import("./evidence.mjs").Violation[]} violations
 * @property {string | undefined} kept the folder with store, ledger and logs
 */

/** @typedef {{ readonly count: number, readonly p50: number, readonly p99: number, readonly max: number }} Spread milliseconds */

/**
 * @param {import("./evidence.mjs").Evidence} evidence
 * @param {ReturnType<typeof import("./checks/index.mjs").checkAll>} found
 * @param {import("./run-chaos.mjs").ChaosOptions} options
 * @param {string | undefined} kept
 * @returns {Report}
 */
export function makeReport(evidence, { violations, steps, overlaps, pressed }, options, kept) {
  const { runs, ledger } = evidence;
  const times = takeOvers(evidence);
  const accepted = ledger.filter(({ kind }) => kind === "accepted").length;
  return {
    seed: options.seed,
    command: commandOf(options),
    topology: options.topology,
    minutes: options.minutes,
    leaseMs: options.leaseMs,
    accepted,
    runs: counted([...runs.values()].map(statusOf)),
    faults: counted(ledger.flatMap((entry) => (entry.kind === "struck" ? [entry.fault] : []))),
    workersEnded: workerProcesses(evidence).ended,
    steps: { executions: steps.executions, repeated: steps.repeated, late: steps.late },
    overlaps,
    pressed,
    takeOvers: {
      all: spread([...times.values()].flat()),
      ...Object.fromEntries([...times].map(([fault, values]) => [fault, spread(values)])),
    },
    timers: spread(timerDelays(evidence)),
    longestStallMs: longestStallMs(evidence),
    lost: violations.filter(({ check }) => check === "I1").length,
    violations,
    kept,
  };
}

/** @param {Report} report */
export function markdownOf(report) {
  const { steps, timers } = report;
  return [
    `# Chaos: seed ${report.seed}, ${report.topology === "one" ? "one nats-server" : "a cluster of three"}`,
    "",
    `\`${report.command}\``,
    "",
    "| what | |",
    "|---|---|",
    `| accepted submissions | ${report.accepted} |`,
    `| runs, children included | ${listed(report.runs)} |`,
    `| faults | ${listed(report.faults)} |`,
    `| worker and client processes that ended | ${report.workersEnded} |`,
    `| executions of steps | ${steps.executions} |`,
    `| of them repeated | ${steps.repeated}, ${steps.late} of them by workers that did not know yet that they had lost the run |`,
    `| executions that filled a limit | ${report.pressed} |`,
    `| limits exceeded by such workers | ${report.overlaps} |`,
    `| timers: late by | ${shown(timers)} |`,
    `| longest time without any progress | ${report.longestStallMs} ms |`,
    `| lost | ${report.lost === 0 ? "nothing" : report.lost} |`,
    `| violations | ${report.violations.length} |`,
    "",
    "| take-overs after | from the fault until another worker goes on |",
    "|---|---|",
    ...Object.entries(report.takeOvers).map(([fault, one]) => `| ${fault} | ${shown(one)} |`),
    ...violationsOf(report),
    "",
  ].join("\n");
}

/** @param {Report} report */
function violationsOf({ violations, kept, topology }) {
  if (violations.length === 0) return [];
  const first = violations.find(({ run }) => run !== "")?.run ?? "<run>";
  const how =
    kept === undefined
      ? "Repeat it with `--keep` to look at the runs."
      : `Everything is kept in ${kept}. Start its ${topology === "one" ? "server" : "servers"} with \`nats-server -c ${kept}/n0/nats-server.conf\`, then \`millrace show ${first} --servers <url> --namespace chaos\`.`;
  return [
    "",
    "## Violations",
    "",
    ...violations.map(({ check, run, what }) => `- **${check}** ${run}: ${what}`),
    "",
    how,
  ];
}

/** @param {import("./run-chaos.mjs").ChaosOptions} options */
function commandOf(options) {
  const { seed, minutes, topology, faults, rate, leaseMs, paceMs } = options;
  const only = faults.length === 0 ? "" : ` --faults ${faults.join(",")}`;
  const others = { ...options, settle: options.settleMinutes };
  const defaults = { ...DEFAULTS, settle: DEFAULTS.settleMinutes };
  const more = /** @type {const} */ (["workers", "clients", "settle", "older"])
    .flatMap((name) => (others[name] === defaults[name] ? [] : [` --${name} ${others[name]}`]))
    .join("");
  return `npm run chaos -- --seed ${seed} --minutes ${minutes} --topology ${topology} --rate ${rate} --lease ${leaseMs} --pace ${paceMs}${only}${more}`;
}

/** @param {readonly string[]} names */
function counted(names) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** @param {Readonly<Record<string, number>>} counts */
function listed(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}

/** @param {Spread} spread */
function shown({ count, p50, p99, max }) {
  return count === 0 ? "none" : `${count}: p50 ${p50} ms, p99 ${p99} ms, at most ${max} ms`;
}
