// @ts-check
/**
 * What survives when a server's process is killed, and when its machine loses power: on one server and on three, with the default
 * `sync_interval` and with `always`. Prints a table. Exit code 1 when something is lost that must not be. Needs strace (Linux).
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { numberOf, OptionError, runCommand } from "../command.mjs";
import { drill, SCENARIOS } from "./drill.mjs";

await runCommand(async (stop) => {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "4" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });

  if (spawnSync("strace", ["--version"]).error !== undefined) {
    throw new OptionError(
      "The drill follows what the server does to its files by strace, which is not here. Install it (Linux: package strace).",
    );
  }

  const only = values.only?.split(",");
  const chosen = SCENARIOS.filter(
    ({ name }) => only === undefined || only.some((one) => name.includes(one)),
  );
  if (chosen.length === 0) {
    const all = SCENARIOS.map(({ name }) => name).join(", ");
    throw new OptionError(`--only ${values.only} names no scenario. There are: ${all}`);
  }
  const rounds = numberOf("rounds", values.rounds, { whole: true });
  const seconds = numberOf("seconds", values.seconds);
  const reports = [];
  for (const scenario of chosen) {
    console.error(`${scenario.name} …`);
    const report = await drill(scenario, {
      rounds,
      seconds,
      seed: values.seed,
      signal: stop,
      log: (line) => console.error(`  ${line}`),
    });
    reports.push(report);
    if (!values.json) console.log(lineOf(report));
  }
  if (values.json) console.log(JSON.stringify(reports));
  return reports.some(({ violations }) => violations.length > 0) ? 1 : 0;
});

/** @param {import("./drill.mjs").DrillReport} report */
function lineOf({
  name,
  rounds,
  acked,
  lostAcked,
  lostSeconds,
  accepted,
  lostRuns,
  repeated,
  flaws,
  violations,
}) {
  const lost =
    lostAcked === 0 ? "none lost" : `${lostAcked} lost, of the last ${lostSeconds.toFixed(1)} s`;
  const runs = `${accepted} runs accepted, ${lostRuns} lost, ${repeated} steps executed again, ${flaws} flaws`;
  const wrong = violations.map((one) => `\n  MUST NOT BE: ${one}`).join("");
  return `${name}: ${rounds} cuts, ${acked} acked publishes, ${lost}; ${runs}${wrong}`;
}
