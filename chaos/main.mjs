// @ts-check
/**
 * `npm run chaos -- --seed <text> --minutes <n> [--topology one|cluster] [--faults a,b] [--rate <n>] [--lease <ms>] [--pace <ms>]
 * [--older <commit>] [--workers <n>] [--clients <n>] [--settle <minutes>] [--out <folder>] [--keep]`
 *
 * docs/reliability.md says what it does and what is checked. Load and faults come from the seed; what meets what does not, for
 * processes and clocks are real.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { numberOf, OptionError, runCommand } from "./command.mjs";
import { DEFAULTS } from "./defaults.mjs";
import { markdownOf } from "./report.mjs";
import { runChaos } from "./run-chaos.mjs";

await runCommand(async (stop) => {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(Date.now()) },
      minutes: { type: "string", default: String(DEFAULTS.minutes) },
      topology: { type: "string", default: DEFAULTS.topology },
      faults: { type: "string", default: "" },
      rate: { type: "string", default: String(DEFAULTS.rate) },
      lease: { type: "string", default: String(DEFAULTS.leaseMs) },
      pace: { type: "string", default: String(DEFAULTS.paceMs) },
      workers: { type: "string", default: String(DEFAULTS.workers) },
      clients: { type: "string", default: String(DEFAULTS.clients) },
      older: { type: "string" },
      settle: { type: "string", default: String(DEFAULTS.settleMinutes) },
      out: { type: "string" },
      keep: { type: "boolean", default: DEFAULTS.keep },
    },
  });
  const { topology } = values;
  if (topology !== "one" && topology !== "cluster") {
    throw new OptionError(`There is no topology ${topology}. There are: one, cluster`);
  }

  const began = Date.now();
  /** @param {string} line */
  const log = (line) => {
    const at = ((Date.now() - began) / 1_000).toFixed(1).padStart(7);
    process.stderr.write(`${at} s  ${line}\n`);
  };
  log(`Seed ${values.seed}`);
  const report = await runChaos({
    seed: values.seed,
    minutes: numberOf("minutes", values.minutes),
    topology,
    faults: values.faults === "" ? [] : values.faults.split(","),
    rate: numberOf("rate", values.rate),
    leaseMs: numberOf("lease", values.lease),
    paceMs: numberOf("pace", values.pace),
    workers: numberOf("workers", values.workers, { whole: true }),
    clients: numberOf("clients", values.clients, { whole: true }),
    older: values.older,
    settleMinutes: numberOf("settle", values.settle),
    keep: values.keep,
    log,
    signal: stop,
  });
  const markdown = markdownOf(report);
  process.stdout.write(markdown);
  if (values.out !== undefined) {
    await mkdir(values.out, { recursive: true });
    const name = join(values.out, `chaos-${topology}-${values.seed}`);
    await writeFile(`${name}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
    await writeFile(`${name}.md`, markdown);
  }
  return report.violations.length === 0 ? 0 : 1;
});
