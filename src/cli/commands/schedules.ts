import type { Command } from "commander";
import { parseScheduleSpec, type Schedules, type ScheduleView } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanDuration, humanTime } from "../human-time.ts";
import { jsonText } from "../json-of.ts";
import { openExisting } from "../open-connection.ts";
import { countValue, timeValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import { readInput } from "../read-input.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace schedules list|show|apply|remove|pause|resume|next|backfill|trigger` */
export function addSchedules(program: Command, host: Host): void {
  const schedules = program
    .command("schedules")
    .description("Runs by the clock: cron and intervals.")
    .addHelpText("after", HELP);
  schedules
    .command("list", { isDefault: true })
    .description("List them with their next due time.")
    .action(async (_: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      list(await millrace.schedules.list(), host.terminal);
    });
  act(withName(schedules.command("show"), "Show one in full."), async (all, name) =>
    show(await all.get(name), host.terminal),
  );
  addApply(schedules, host);
  act(withName(schedules.command("remove"), "Remove it. Its runs stay."), async (all, name) => {
    await all.remove(name);
    if (host.terminal.json) host.terminal.document({ name, removed: true });
    else host.terminal.print(`${printable(name)} is removed.`);
  });
  withName(schedules.command("pause"), "Submit nothing of it until it is resumed.")
    .option("--reason <text>", "why, for whoever looks at it")
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ readonly reason?: string } & GlobalOptions>();
      await using millrace = await openExisting(options);
      list([await millrace.schedules.pause(name, options.reason)], host.terminal);
    });
  act(
    withName(
      schedules.command("resume"),
      "Let it go on from now: what was due meanwhile is left out.",
    ),
    async (all, name) => list([await all.resume(name)], host.terminal),
  );
  addTimes(schedules, host);
  act(
    withName(schedules.command("trigger"), "Submit a run of it now, beside all that is due."),
    async (all, name) => {
      const { id } = await all.trigger(name);
      if (host.terminal.json) host.terminal.document({ id });
      else host.terminal.print(printable(id));
    },
  );
}

const HELP = `
Workers carry schedules out: those that serve the flow. No server is needed. What is declared in code
with schedule() is put again when such a worker starts, and stays paused if it was.

A file for apply holds one schedule or a list of them, in the words of schedule():
  { "name": "nightly", "flow": "report", "cron": "15 2 * * *", "timeZone": "Europe/Berlin",
    "input": { "days": 1 }, "catchUp": "latest", "overlap": "skip", "jitter": "5m" }

Examples:
  $ millrace schedules apply nightly.json
  $ millrace schedules next nightly -n 5
  $ millrace schedules backfill nightly --from 2026-05-01 --to 2026-05-08
  $ millrace schedules pause nightly --reason "the warehouse moves"`;

function addApply(schedules: Command, host: Host): void {
  schedules
    .command("apply")
    .description("Make the schedules of a JSON file, or change them to what it says.")
    .argument("<file>", "the file, or - for stdin")
    .action(async (file: string, _: unknown, command: Command) => {
      const content = await readInput(file === "-" ? file : `@${file}`);
      // All are checked before any is put.
      const specs = (Array.isArray(content) ? content : [content]).map(parseScheduleSpec);
      await using millrace = await openExisting(command.optsWithGlobals());
      const put: ScheduleView[] = [];
      for (const spec of specs) put.push(await millrace.schedules.put(spec));
      list(put, host.terminal);
    });
}

function addTimes(schedules: Command, { terminal }: Host): void {
  withName(schedules.command("next"), "Show its next due times.")
    .option("-n, --count <n>", "so many of them", countValue, 10)
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ readonly count: number } & GlobalOptions>();
      await using millrace = await openExisting(options);
      const times = await millrace.schedules.next(name, options.count);
      if (terminal.json) return terminal.document({ name, next: times });
      for (const time of times) terminal.print(time.toISOString());
    });
  withName(schedules.command("backfill"), "Submit the runs of a window that have not been.")
    .requiredOption("--from <time>", "the first time that counts, such as 2026-05-01", timeValue)
    .requiredOption("--to <time>", "the first time that does not count any more", timeValue)
    .option("--limit <n>", "most runs, up to 1,000", countValue, 100)
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<BackfillFlags>();
      if (options.to <= options.from) throw new CliError("USAGE", "--to has to be after --from.");
      await using millrace = await openExisting(options);
      const runs = await millrace.schedules.backfill(name, options);
      if (terminal.json) return terminal.document(runs);
      for (const { run, isNew } of runs) {
        terminal.print(`${printable(run)}${isNew ? "" : terminal.colors.dim("  was there")}`);
      }
      const fresh = runs.filter(({ isNew }) => isNew).length;
      terminal.note(`${fresh} submitted, ${runs.length - fresh} were there`);
    });
}

interface BackfillFlags extends GlobalOptions {
  readonly from: Date;
  readonly to: Date;
  readonly limit: number;
}

function withName(command: Command, description: string): Command {
  return command.description(description).argument("<name>", "name of the schedule");
}

function act(
  command: Command,
  action: (schedules: Schedules, name: string) => Promise<void>,
): void {
  command.action(async (name: string, _: unknown, same: Command) => {
    await using millrace = await openExisting(same.optsWithGlobals());
    await action(millrace.schedules, name);
  });
}

function list(views: readonly ScheduleView[], terminal: Terminal): void {
  if (terminal.json) return terminal.document(views);
  if (views.length === 0) terminal.note("There is no schedule.");
  for (const view of views) terminal.print(headline(view, terminal));
}

function show(view: ScheduleView, terminal: Terminal): void {
  if (terminal.json) return terminal.document(view);
  const { spec, lastRun, lastDueAt, waiting, from, version } = view;
  terminal.print(headline(view, terminal));
  terminal.print(`  from ${from}, version ${version}, changed ${humanTime(view.changedAt)}`);
  const { mode, limit, graceMs } = spec.catchUp;
  const most = mode === "all" ? ` (up to ${limit})` : "";
  const jitter = spec.jitterMs === 0 ? "" : `, jitter up to ${humanDuration(spec.jitterMs)}`;
  terminal.print(
    `  overlap ${spec.overlap}; of what is missed by ${humanDuration(graceMs)}: ${mode}${most}${jitter}`,
  );
  if (spec.input !== undefined) terminal.print(`  input ${jsonText(spec.input, 0)}`);
  if (lastRun !== undefined && lastDueAt !== undefined) {
    terminal.print(`  last ${printable(lastRun)}, due ${lastDueAt.toISOString()}`);
  }
  if (waiting.length > 0) terminal.print(`  ${waiting.length} wait for that one to end`);
}

function headline({ name, spec, paused, nextAt }: ScheduleView, { colors }: Terminal): string {
  const { timing } = spec;
  const times =
    timing.kind === "cron"
      ? `${timing.cron} ${timing.timeZone}`
      : `every ${humanDuration(timing.everyMs)}`;
  const reason = paused?.reason ? `: ${printable(paused.reason)}` : "";
  const next =
    paused === undefined ? `next ${nextAt.toISOString()}` : colors.yellow(`paused${reason}`);
  return `${colors.bold(printable(name))}  ${printable(spec.flow)}  ${times}  ${next}`;
}
